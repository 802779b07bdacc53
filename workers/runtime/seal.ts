/**
 * The globals that a module keeps. Everything else goes: what is not listed does not exist, so a new Deno release adds
 * nothing by itself.
 */
const KEPT = new Set(
  [
    // the language
    "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp",
    "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError globalThis",
    "JSON Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array",
    "BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set",
    "Iterator WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef decodeURI decodeURIComponent encodeURI",
    "encodeURIComponent escape unescape eval isFinite isNaN SharedArrayBuffer WebAssembly Temporal DisposableStack",
    "AsyncDisposableStack",
    // the web platform, as far as it reaches nothing outside
    "console queueMicrotask AbortController AbortSignal Blob File FormData Headers Request Response URL URLPattern",
    "URLSearchParams TextDecoder TextEncoder TextDecoderStream TextEncoderStream TransformStream",
    "TransformStreamDefaultController ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableByteStreamController WritableStream",
    "WritableStreamDefaultWriter WritableStreamDefaultController ByteLengthQueuingStrategy CountQueuingStrategy",
    "CompressionStream DecompressionStream Event EventTarget CustomEvent ErrorEvent MessageEvent CloseEvent",
    "ProgressEvent PromiseRejectionEvent DOMException QuotaExceededError MessageChannel MessagePort atob btoa crypto",
    "Crypto CryptoKey SubtleCrypto performance Performance PerformanceEntry PerformanceMark PerformanceMeasure",
    "setTimeout clearTimeout setInterval clearInterval structuredClone reportError self",
  ].join(" ").split(" "),
);

/** Only with the `net` capability; Deno's permissions say which hosts. */
const WITH_NET = new Set(["fetch", "WebSocket", "EventSource"]);

/** Methods that stay on the prototypes of the global object: those of every event target. */
const KEPT_METHODS = new Set<PropertyKey>([
  "constructor",
  "addEventListener",
  "removeEventListener",
  "dispatchEvent",
  Symbol.toStringTag,
]);

/** Takes away what a module has no business with. Nothing but the listed globals is left. */
export function sealGlobals(options: { readonly net: boolean }): void {
  for (const name of Reflect.ownKeys(globalThis)) {
    // Symbols are the platform's brand and the listeners of the event target: without them nothing can be dispatched.
    if (typeof name === "symbol" || KEPT.has(name) || (options.net && WITH_NET.has(name))) continue;
    take(globalThis, name);
  }
  for (
    let level = Object.getPrototypeOf(globalThis);
    level !== null && level !== EventTarget.prototype && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    for (const name of Reflect.ownKeys(level)) {
      if (!KEPT_METHODS.has(name)) take(level, name);
    }
  }
  closeCodeGeneration();
  closeTextTimers();
}

function take(target: object, name: PropertyKey): void {
  if (Reflect.deleteProperty(target, name)) return;
  const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
  if (descriptor?.writable && Reflect.set(target, name, undefined)) return;
  throw new Error(`Cannot seal the cell: global ${String(name)} can't be removed`);
}

/** Text never becomes code: also where the V8 flag for it cannot be set (a compiled binary). */
function closeCodeGeneration(): void {
  const refuse = () => {
    throw new EvalError("Cannot make code from text: a module's code is what was verified");
  };
  const functions = [
    function () {},
    async function () {},
    function* () {},
    async function* () {},
  ];
  for (const example of functions) {
    const prototype = Object.getPrototypeOf(example);
    const blocked = function () {
      refuse();
    };
    Object.defineProperty(blocked, "prototype", { value: prototype, writable: false });
    Object.defineProperty(prototype, "constructor", { value: blocked, writable: false, configurable: false });
    if (prototype === Function.prototype) {
      Object.defineProperty(globalThis, "Function", { value: blocked, writable: false, configurable: false });
    }
  }
  Object.defineProperty(globalThis, "eval", { value: refuse, writable: false, configurable: false });
}

/** `setTimeout("text")` would evaluate the text. */
function closeTextTimers(): void {
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original: (...args: Parameters<typeof setTimeout>) => unknown = globalThis[name];
    const wrapped = (...args: Parameters<typeof setTimeout>): unknown => {
      if (typeof args[0] !== "function") throw new TypeError(`Cannot set a timer: ${name} takes a function`);
      return original(...args);
    };
    Object.defineProperty(globalThis, name, { value: wrapped, writable: true, configurable: true });
  }
}
