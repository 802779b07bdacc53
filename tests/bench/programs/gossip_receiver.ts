/** The receiving side of `gossip_deliver`'s baseline: counts; `/received?count=` answers when there were that many. */
import { GOSSIP_TOPIC, startBareHost } from "./bare_gossip.ts";

const { pubsub, addresses } = await startBareHost({ listen: ["/ip4/127.0.0.1/tcp/0"] });
let received = 0;
let wanted = Infinity;
let reached = () => {};
pubsub.subscribe(GOSSIP_TOPIC);
pubsub.addEventListener("message", ({ detail }) => {
  if (detail.topic === GOSSIP_TOPIC && ++received >= wanted) reached();
});
console.log(`address ${addresses()[0]}`);

const onListen = ({ port }: Deno.NetAddr) => console.log(`port ${port}`);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
  const count = Number(new URL(request.url).searchParams.get("count"));
  if (received < count) {
    await new Promise<void>((resolve) => {
      wanted = count;
      reached = resolve;
    });
  }
  return new Response(String(received));
});
