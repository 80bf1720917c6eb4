// TensorFlow's profiler, which tells when each operation of a function ran and on which thread. The C API has no calls for
// it; these few of C++ are those that TensorFlow's own Python package uses.

#undef TFE_NewContext
#undef TF_DeviceListCount
#undef TFE_Execute
#undef TFE_TensorHandleResolve
#undef napi_register_module_v1
#undef node_api_module_get_api_version_v1

#include <node_api.h>

#include <memory>
#include <string>

#include "tsl/profiler/lib/profiler_session.h"
#include "tsl/profiler/protobuf/xplane.pb.h"

static std::unique_ptr<tsl::ProfilerSession> session;

// startProfile(): one at a time in a process.
napi_value StartProfile(napi_env env, napi_callback_info) {
  if (session == nullptr) session = tsl::ProfilerSession::Create(tsl::ProfilerSession::DefaultOptions());
  if (session->Status().ok()) return nullptr;
  const std::string message(session->Status().message());
  session = nullptr;
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

// stopProfile(): a serialized XSpace of what ran since.
napi_value StopProfile(napi_env env, napi_callback_info) {
  if (session == nullptr) {
    napi_throw_error(env, nullptr, "No profile has been started");
    return nullptr;
  }
  tensorflow::profiler::XSpace space;
  const auto status = session->CollectData(&space);
  session = nullptr;
  std::string bytes;
  if (!status.ok() || !space.SerializeToString(&bytes)) {
    napi_throw_error(env, nullptr, "TensorFlow gave no profile");
    return nullptr;
  }
  napi_value buffer;
  void* copied;
  if (napi_create_buffer_copy(env, bytes.size(), bytes.data(), &copied, &buffer) != napi_ok) return nullptr;
  return buffer;
}
