import { type Caller, method, type NodeMethodTable } from "./node_api_types.ts";
import { MAX_PART, type ModuleFolder } from "./module_folder.ts";
import { CommonsError } from "../base/mod.ts";

const MAX_PATH = 1_024;

/**
 * `fs.*` in the module's own folder: `readFile path {offset?, length?}`, `writeFile path bytes {offset?}`,
 * `deleteFile path`, `renameFile from to`, `listDirectory path?`, `createDirectory path`, `getFileMetadata path`.
 */
export const fileMethods: NodeMethodTable = {
  ...method("fs.readFile", {
    capability: "read_filesystem",
    most: 2,
    run(caller, params) {
      const options = params.options(1, "options");
      const offset = params.wholeNumber(options, "offset") ?? 0;
      const length = params.wholeNumber(options, "length");
      const part = length === undefined ? { offset } : { offset, length };
      return folderOf(caller).readFile(params.text(0, "path", MAX_PATH), part);
    },
  }),
  ...method("fs.listDirectory", {
    capability: "read_filesystem",
    most: 1,
    run: (caller, params) => folderOf(caller).listDirectory(params.optionalText(0, "path", MAX_PATH) ?? ""),
  }),
  ...method("fs.getFileMetadata", {
    capability: "read_filesystem",
    most: 1,
    run: (caller, params) => folderOf(caller).getFileMetadata(params.text(0, "path", MAX_PATH)),
  }),
  ...method("fs.writeFile", {
    capability: "write_filesystem",
    most: 3,
    run(caller, params) {
      const offset = params.wholeNumber(params.options(2, "options"), "offset");
      const options = offset === undefined ? {} : { offset };
      const data = params.bytes(1, "data", MAX_PART);
      return folderOf(caller).writeFile(params.text(0, "path", MAX_PATH), data, options);
    },
  }),
  ...method("fs.renameFile", {
    capability: "write_filesystem",
    most: 2,
    run: (caller, params) =>
      folderOf(caller).renameFile(params.text(0, "from", MAX_PATH), params.text(1, "to", MAX_PATH)),
  }),
  ...method("fs.deleteFile", {
    capability: "manage_filesystem",
    most: 1,
    run: (caller, params) => folderOf(caller).deleteFile(params.text(0, "path", MAX_PATH)),
  }),
  ...method("fs.createDirectory", {
    capability: "manage_filesystem",
    most: 1,
    run: (caller, params) => folderOf(caller).createDirectory(params.text(0, "path", MAX_PATH)),
  }),
};

function folderOf(caller: Caller): ModuleFolder {
  if (caller.folder) return caller.folder;
  throw new CommonsError("UNAVAILABLE", "Cannot use files: this node gives modules none");
}
