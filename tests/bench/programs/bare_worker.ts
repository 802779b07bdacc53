self.postMessage("up");
setInterval(() => {}, 1_000_000);
