import { method, type NodeMethodTable } from "./node_api_types.ts";

/**
 * `storage.*`: `get key`, `set key value`, `delete key`, `list {prefix?, start?, end?, limit?, reverse?}`,
 * `atomic {checks, mutations}`, `usage`, `clear`. The namespace checks every parameter and the quota itself.
 */
export const storageMethods: NodeMethodTable = {
  ...method("storage.get", {
    capability: "read_storage",
    most: 1,
    run: (caller, params) => caller.storage.get(params.at(0)),
  }),
  ...method("storage.set", {
    capability: "write_storage",
    most: 2,
    run: (caller, params) => caller.storage.set(params.at(0), params.at(1)),
  }),
  ...method("storage.delete", {
    capability: "write_storage",
    most: 1,
    run: (caller, params) => caller.storage.delete(params.at(0)),
  }),
  ...method("storage.list", {
    capability: "read_storage",
    most: 1,
    run: (caller, params) => caller.storage.list(params.options(0, "options")),
  }),
  ...method("storage.atomic", {
    capability: "write_storage",
    most: 1,
    run: (caller, params) => caller.storage.atomic(params.options(0, "request")),
  }),
  ...method("storage.usage", {
    capability: "read_storage",
    most: 0,
    run: (caller) => caller.storage.usage(),
  }),
  ...method("storage.clear", {
    capability: "manage_storage",
    most: 0,
    run: (caller) => caller.storage.clear(),
  }),
};
