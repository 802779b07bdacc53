/** The baseline of the cell benches: a bare permission-restricted Worker that echoes what it gets, and counts events. */
let events = 0;
let waiting: { readonly target: number } | undefined;

self.addEventListener("message", (message) => {
  const data: unknown = (message as MessageEvent).data;
  if (typeof data === "object" && data !== null && "event" in data) {
    events++;
    if (waiting && events >= waiting.target) self.postMessage({ reached: events });
    return;
  }
  if (typeof data === "object" && data !== null && "target" in data) {
    waiting = data as { target: number };
    if (events >= waiting.target) self.postMessage({ reached: events });
    return;
  }
  self.postMessage(data);
});
