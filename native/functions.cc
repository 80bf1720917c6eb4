// What tfjs-node's addon lacks: a recorded graph becomes a function of TensorFlow's eager context, after which it runs
// like any operation, by its name. But for determinism and the log it uses TensorFlow's C API alone.

#undef TFE_NewContext
#undef TF_DeviceListCount
#undef TFE_Execute
#undef TFE_TensorHandleResolve
#undef TF_NewTensor
#undef napi_register_module_v1
#undef node_api_module_get_api_version_v1

#include <node_api.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/log/globals.h"
#include "collectives.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"
#include "xla/tsl/util/determinism.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

// Node has one module, and tfjs-node one context, for each of its threads.
static thread_local TFE_Context* context = nullptr;
static thread_local int64_t executions = 0;
static thread_local int64_t reads = 0;
// Serialized ConfigProtos by the names of the functions that TensorFlow is to optimise so.
static thread_local std::unordered_map<std::string, std::string> configurations;

// tfjs-node's calls, watched.
extern "C" {

TFE_Context* dps_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  context = TFE_NewContext(options, status);
  if (TF_GetCode(status) == TF_OK) JoinCluster(context, status);
  return context;
}

void dps_Execute(TFE_Op* op, TFE_TensorHandle** results, int* count, TF_Status* status) {
  executions++;
  if (!configurations.empty()) {
    const auto found = configurations.find(TFE_OpGetName(op, status));
    // tfjs-node sets attributes of text alone, and these bytes are none.
    if (found != configurations.end())
      TFE_OpSetAttrString(op, "config_proto", found->second.data(), found->second.size());
  }
  TFE_Execute(op, results, count, status);
}

TF_Tensor* dps_TensorHandleResolve(TFE_TensorHandle* handle, TF_Status* status) {
  reads++;
  return TFE_TensorHandleResolve(handle, status);
}

// A tensor of an array's numbers, copied. TensorFlow's own call shares the array's memory where it happens to be aligned
// to 64 bytes. Then whoever writes to the array changes the tensor, and the array is let go of by the thread that uses
// the tensor last: if that is one of TensorFlow's, it calls Node from outside of Node's thread, which ends the process
// without a word or damages its memory.
TF_Tensor* dps_NewTensor(TF_DataType type, const int64_t* shape, int rank, void* data, size_t bytes,
                         void (*release)(void*, size_t, void*), void* argument) {
  TF_Tensor* tensor = TF_AllocateTensor(type, shape, rank, bytes);
  if (bytes > 0) std::memcpy(TF_TensorData(tensor), data, bytes);
  release(data, bytes, argument);
  return tensor;
}

// tfjs-node's own module.
napi_value tfjs_register_module(napi_env env, napi_value exports);
}

// See profiler.cc.
napi_value StartProfile(napi_env env, napi_callback_info info);
napi_value StopProfile(napi_env env, napi_callback_info info);

namespace {

// Owns what the C API hands out.
struct Status {
  TF_Status* const tf = TF_NewStatus();
  ~Status() { TF_DeleteStatus(tf); }
  bool ok() const { return TF_GetCode(tf) == TF_OK; }
};
struct Graph {
  TF_Graph* const tf = TF_NewGraph();
  ~Graph() { TF_DeleteGraph(tf); }
};

napi_value Throw(napi_env env, const std::string& message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

// The code and the message of a failed call, as tfjs-node words them.
napi_value ThrowStatus(napi_env env, const Status& status) {
  return Throw(env, "TF_Status: " + std::to_string(TF_GetCode(status.tf)) + "\nMessage: " + TF_Message(status.tf));
}

bool ReadString(napi_env env, napi_value value, std::string* text) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length);
  return napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length) == napi_ok;
}

bool ReadStrings(napi_env env, napi_value list, std::vector<std::string>* texts) {
  uint32_t length;
  if (napi_get_array_length(env, list, &length) != napi_ok) return false;
  texts->resize(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    if (napi_get_element(env, list, i, &element) != napi_ok) return false;
    if (!ReadString(env, element, &(*texts)[i])) return false;
  }
  return true;
}

// The values of these names, `NODE` or `NODE:OUTPUT`. Gives the first name that is in no graph, or "".
std::string FindOutputs(TF_Graph* graph, const std::vector<std::string>& names, std::vector<TF_Output>* outputs) {
  for (const std::string& name : names) {
    const size_t colon = name.rfind(':');
    TF_Operation* operation = TF_GraphOperationByName(graph, name.substr(0, colon).c_str());
    if (operation == nullptr) return name;
    outputs->push_back({operation, colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1)});
  }
  return "";
}

// addFunction(name, graphDef: Buffer, inputs, outputs, controls: string[], configuration?: Buffer): `controls` run although
// no output needs them; the configuration is a ConfigProto, for how TensorFlow optimises this function.
napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value arguments[6];
  std::string name;
  std::vector<std::string> inputs, outputs, controls;
  void* data;
  void* configuration = nullptr;
  size_t length, configured = 0;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count < 5 ||
      !ReadString(env, arguments[0], &name) ||
      napi_get_buffer_info(env, arguments[1], &data, &length) != napi_ok ||
      !ReadStrings(env, arguments[2], &inputs) || !ReadStrings(env, arguments[3], &outputs) ||
      !ReadStrings(env, arguments[4], &controls) ||
      (count > 5 && napi_get_buffer_info(env, arguments[5], &configuration, &configured) != napi_ok))
    return Throw(env,
                 "addFunction takes a name, a GraphDef, the names of inputs, outputs and controls, and a ConfigProto");

  Status status;
  Graph graph;
  TF_Buffer* definition = TF_NewBufferFromString(data, length);
  TF_ImportGraphDefOptions* options = TF_NewImportGraphDefOptions();
  TF_GraphImportGraphDef(graph.tf, definition, options, status.tf);
  TF_DeleteImportGraphDefOptions(options);
  TF_DeleteBuffer(definition);
  if (!status.ok()) return ThrowStatus(env, status);

  std::vector<TF_Output> from, to, ends;
  std::string unknown = FindOutputs(graph.tf, inputs, &from);
  if (unknown.empty()) unknown = FindOutputs(graph.tf, outputs, &to);
  if (unknown.empty()) unknown = FindOutputs(graph.tf, controls, &ends);
  if (!unknown.empty()) return Throw(env, "The graph has no " + unknown);
  std::vector<const TF_Operation*> operations;
  for (const TF_Output& end : ends) operations.push_back(end.oper);

  TF_Function* function = TF_GraphToFunctionWithControlOutputs(
      graph.tf, name.c_str(), 0, -1, nullptr, from.size(), from.data(), to.size(), to.data(), nullptr,
      operations.size(), operations.data(), nullptr, nullptr, nullptr, status.tf);
  if (!status.ok()) return ThrowStatus(env, status);
  TFE_ContextAddFunction(context, function, status.tf);
  TF_DeleteFunction(function);
  if (!status.ok()) return ThrowStatus(env, status);
  if (configured > 0) configurations[name] = std::string(static_cast<const char*>(configuration), configured);
  return nullptr;
}

// removeFunction(name)
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  std::string name;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
      !ReadString(env, argument, &name))
    return Throw(env, "removeFunction takes a name");
  configurations.erase(name);
  Status status;
  TFE_ContextRemoveFunction(context, name.c_str(), status.tf);
  if (!status.ok()) return ThrowStatus(env, status);
  return nullptr;
}

// callCounts(): how often this thread has asked TensorFlow to run something, and to hand a tensor's numbers over.
napi_value CallCounts(napi_env env, napi_callback_info) {
  napi_value result, value;
  if (napi_create_object(env, &result) != napi_ok ||
      napi_create_int64(env, executions, &value) != napi_ok ||
      napi_set_named_property(env, result, "executions", value) != napi_ok ||
      napi_create_int64(env, reads, &value) != napi_ok ||
      napi_set_named_property(env, result, "reads", value) != napi_ok)
    return Throw(env, "callCounts failed");
  return result;
}

// setDeterministic(on): whether operations of this process must give the same numbers at every run. The C API has no
// such call; without it TensorFlow goes by the environment variable TF_DETERMINISTIC_OPS.
napi_value SetDeterministic(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  bool on;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
      napi_get_value_bool(env, argument, &on) != napi_ok)
    return Throw(env, "setDeterministic takes a boolean");
  tsl::EnableOpDeterminism(on);
  return nullptr;
}

// releaseFreeMemory(): hands what has been freed back to the system, which glibc keeps for itself.
napi_value ReleaseFreeMemory(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  // Some of TensorFlow's messages, as that on mixed precision, go through a library that does not know this variable.
  if (const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL"))
    absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(std::atoi(level)));
  ReadServer(env);
  exports = tfjs_register_module(env, exports);
  if (exports == nullptr) return nullptr;
  const napi_property_descriptor properties[] = {
      {"addFunction", nullptr, AddFunction, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"setDeterministic", nullptr, SetDeterministic, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"startProfile", nullptr, StartProfile, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"stopProfile", nullptr, StopProfile, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"releaseFreeMemory", nullptr, ReleaseFreeMemory, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"callCounts", nullptr, CallCounts, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
  DefineCollectives(env, exports);
  return exports;
}
