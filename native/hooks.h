// Included before every source of the addon (see scripts/setup/addon.mjs). tfjs-node keeps its TensorFlow context to
// itself and its module fills the whole addon; these names lead both through functions.cc.
#ifndef DPS_HOOKS_H_
#define DPS_HOOKS_H_

#define TFE_NewContext dps_NewContext
#define TF_DeviceListCount dps_DeviceListCount
#define TFE_Execute dps_Execute
#define TF_NewTensor dps_NewTensor
#define TFE_TensorHandleResolve dps_TensorHandleResolve
#define napi_register_module_v1 tfjs_register_module
#define node_api_module_get_api_version_v1 tfjs_api_version

#endif  // DPS_HOOKS_H_
