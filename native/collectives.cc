// What a worker of a distributed training needs of TensorFlow's C API: its server among the cluster's, and the texts by
// which workers tell each other of themselves, which TensorFlow's coordination service keeps.

#undef TFE_NewContext
#undef TF_DeviceListCount
#undef TFE_Execute
#undef TFE_TensorHandleResolve
#undef napi_register_module_v1
#undef node_api_module_get_api_version_v1

#include "collectives.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api_experimental.h"

namespace {

// A serialized ServerDef; empty where this process is no worker. Other threads of Node have contexts of their own.
thread_local std::string server;
thread_local napi_env loading = nullptr;
thread_local TFE_Context* context = nullptr;

struct Status {
  TF_Status* const tf = TF_NewStatus();
  ~Status() { TF_DeleteStatus(tf); }
};

// The code and the message of a failed call, as tfjs-node words them.
void Throw(napi_env env, const TF_Status* status) {
  const std::string code = "TF_Status: " + std::to_string(TF_GetCode(status));
  napi_throw_error(env, nullptr, (code + "\nMessage: " + TF_Message(status)).c_str());
}

bool ReadString(napi_env env, napi_value value, std::string* text) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length);
  return napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length) == napi_ok;
}

// The arguments of a call: a text and a number.
bool ReadTextAndNumber(napi_env env, napi_callback_info info, std::string* text, int64_t* number) {
  size_t count = 2;
  napi_value arguments[2];
  if (context != nullptr && napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) == napi_ok && count == 2 &&
      ReadString(env, arguments[0], text) && napi_get_value_int64(env, arguments[1], number) == napi_ok)
    return true;
  napi_throw_error(env, nullptr, "This call takes a text and a number of milliseconds, in a worker");
  return false;
}

// setKey(key, text): for all workers. A key can be set once.
napi_value SetKey(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  std::string key, text;
  if (context == nullptr || napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 2 ||
      !ReadString(env, arguments[0], &key) || !ReadString(env, arguments[1], &text)) {
    napi_throw_error(env, nullptr, "setKey takes a key and a text, in a worker");
    return nullptr;
  }
  Status status;
  TFE_InsertConfigKeyValue(context, key.c_str(), text.c_str(), status.tf);
  if (TF_GetCode(status.tf) != TF_OK) Throw(env, status.tf);
  return nullptr;
}

// getKey(key, milliseconds): its text as soon as a worker has set it; undefined when that takes longer.
napi_value GetKey(napi_env env, napi_callback_info info) {
  std::string key;
  int64_t timeout;
  if (!ReadTextAndNumber(env, info, &key, &timeout)) return nullptr;
  Status status;
  TF_Buffer* text = TF_NewBuffer();
  napi_value result = nullptr;
  TFE_GetConfigKeyValue(context, key.c_str(), timeout, text, status.tf);
  if (TF_GetCode(status.tf) == TF_OK)
    napi_create_string_utf8(env, static_cast<const char*>(text->data), text->length, &result);
  else if (TF_GetCode(status.tf) != TF_DEADLINE_EXCEEDED)
    Throw(env, status.tf);
  TF_DeleteBuffer(text);
  return result;
}

// checkPeer(task, milliseconds): throws when that worker does not answer in this time.
napi_value CheckPeer(napi_env env, napi_callback_info info) {
  std::string task;
  int64_t timeout;
  if (!ReadTextAndNumber(env, info, &task, &timeout)) return nullptr;
  Status status;
  TFE_CollectiveOpsCheckPeerHealth(context, task.c_str(), timeout, status.tf);
  if (TF_GetCode(status.tf) != TF_OK) Throw(env, status.tf);
  return nullptr;
}

}  // namespace

// The devices of this process alone, which come first. A worker's context lists those of all workers, and tfjs-node
// computes on the last one that it sees.
extern "C" int dps_DeviceListCount(const TF_DeviceList* list) {
  Status status;
  const auto worker = [&](int i) {
    const std::string name = TF_DeviceListName(list, i, status.tf);
    return name.substr(0, name.find("/device:"));
  };
  const int all = TF_DeviceListCount(list);
  int own = 0;
  while (own < all && worker(own) == worker(0)) own++;
  return own;
}

// tfjs-node makes its context while it is loaded, so the ServerDef is there before: globalThis.tensorflowServer, a
// Uint8Array.
void ReadServer(napi_env env) {
  loading = env;
  napi_value global, value;
  bool given = false;
  void* bytes;
  size_t length;
  if (napi_get_global(env, &global) != napi_ok ||
      napi_get_named_property(env, global, "tensorflowServer", &value) != napi_ok ||
      napi_is_typedarray(env, value, &given) != napi_ok || !given ||
      napi_get_typedarray_info(env, value, nullptr, &length, &bytes, nullptr, nullptr) != napi_ok)
    return;
  server.assign(static_cast<const char*>(bytes), length);
}

void JoinCluster(TFE_Context* created, TF_Status* status) {
  if (server.empty()) return;
#ifndef _WIN32
  // TensorFlow begins by taking SIGTERM for itself, and nothing could end a process that waits for others.
  struct sigaction before;
  sigaction(SIGTERM, nullptr, &before);
  std::atomic<bool> waits{true};
  std::thread guard([&] {
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      sigaction(SIGTERM, &before, nullptr);
    } while (waits);
  });
#endif
  // Before anybody asks the context for its devices, which get other names.
  TFE_EnableCollectiveOps(created, server.data(), server.size(), status);
#ifndef _WIN32
  waits = false;
  guard.join();
#endif
  // tfjs-node would say no more than that there is no context.
  if (TF_GetCode(status) != TF_OK) Throw(loading, status);
  context = created;
}

void DefineCollectives(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"setKey", nullptr, SetKey, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"getKey", nullptr, GetKey, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"checkPeer", nullptr, CheckPeer, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
}
