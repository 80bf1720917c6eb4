// See collectives.cc; called by functions.cc.
#ifndef DPS_COLLECTIVES_H_
#define DPS_COLLECTIVES_H_

#include <node_api.h>

#include "tensorflow/c/eager/c_api.h"

// Reads the ServerDef that JavaScript has left for this thread, where it is a worker.
void ReadServer(napi_env env);
// Starts that server, and waits until all workers of the cluster have.
void JoinCluster(TFE_Context* context, TF_Status* status);
void DefineCollectives(napi_env env, napi_value exports);

#endif  // DPS_COLLECTIVES_H_
