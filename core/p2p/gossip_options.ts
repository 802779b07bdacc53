import type { GossipsubOpts, Message } from "@libp2p/gossipsub";
import type { TopicScoreParams } from "@libp2p/gossipsub/score";

/** Topic names are given by the caller; see {@linkcode gossipOptions}. */
export interface GossipOptionsInit {
  /** Names on the wire of the topics that the node joins. */
  readonly topics: readonly string[];
  /** Extra score of a peer, for peers that the operator chose. */
  readonly extraScore: (peerId: string) => number;
}

const MIB = 1024 * 1024;
const DECAY_INTERVAL_MS = 12_000;

/** Decay factor for one decay interval so that a counter halves in `ms`. */
function halvingIn(ms: number): number {
  return 0.5 ** (DECAY_INTERVAL_MS / ms);
}

/**
 * Score of one topic. Blocks come every ten minutes or so: a peer that delivers nothing for long is in order, so what
 * a topic's mesh delivers (P3) and failed to deliver (P3b) does not count. Invalid messages do: three of its own take a
 * peer out of the mesh, seven make it unheard, for about ten minutes. What it passes on counts only in masses (see
 * `RelayFaults`), because nodes of other kinds forward headers without looking at them.
 */
const TOPIC_SCORE: TopicScoreParams = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.5,
  firstMessageDeliveriesDecay: halvingIn(3_600_000),
  firstMessageDeliveriesCap: 10,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -2,
  invalidMessageDeliveriesDecay: halvingIn(600_000),
};

/** Options of gossipsub; numbers that are not here are the library's and the specification's. */
export function gossipOptions(init: GossipOptionsInit): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: "StrictSign",
    emitSelf: false,
    fallbackToFloodsub: false,
    floodPublish: true,
    batchPublish: true,
    allowPublishToZeroTopicPeers: true, // a lone node must be able to publish
    ignoreDuplicatePublishError: true,
    doPX: false,
    // No `directPeers`: a direct peer is never in the mesh, and where only one side lists the other (the usual case
    // for static peers) it would hear relayed messages late or never. Their extra score does what is wanted.
    allowedTopics: [...init.topics],
    msgIdFn: authorAndSeqno,
    fastMsgIdFn: ({ from, seqno }) => `${from?.toHex() ?? ""}${seqno?.toHex() ?? ""}`,
    msgIdToStrFn: (id) => id.toHex(),
    maxInboundStreams: 8,
    maxOutboundStreams: 8,
    maxInboundDataLength: 4 * MIB, // answers to IWANT hold many messages and js-libp2p does not split them
    maxOutboundBufferSize: 16 * MIB, // of a peer that reads slowly; beyond it its stream ends
    maxTopicBytesPerPeer: 64 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 128,
      maxMessages: 5000,
      maxControlMessages: 128,
      maxIhaveMessageIDs: 5000,
      maxIwantMessageIDs: 5000,
      maxIdontwantMessageIDs: 512,
      maxPeerInfos: 16,
    },
    scoreParams: {
      topics: Object.fromEntries(init.topics.map((topic) => [topic, TOPIC_SCORE])),
      appSpecificScore: init.extraScore,
      appSpecificWeight: 1,
      IPColocationFactorWhitelist: new Set(["127.0.0.1", "::1"]), // test networks on one machine
      // The library punishes the first slip; go-libp2p nodes of this network forgive six. A peer whose message ids are
      // made differently "breaks its promise" whenever it is asked for a message, without being at fault.
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: halvingIn(120_000),
      decayInterval: DECAY_INTERVAL_MS,
    },
  };
}

/**
 * Message id of the pubsub specification: author (multihash bytes, as it stands in the message) and sequence number.
 * The library's own takes the author's key instead, which no other implementation does, so that asking for missed
 * messages by id would fail between the two. The cheap id that is looked up before the signature is checked has the
 * same text: it is remembered only after a good signature, so a forger can't occupy somebody's ids.
 */
function authorAndSeqno(message: Message): Uint8Array {
  if (message.type !== "signed") return new Uint8Array(0); // StrictSign lets none through
  const author = message.from.toMultihash().bytes;
  const id = new Uint8Array(author.length + 8);
  id.set(author);
  new DataView(id.buffer).setBigUint64(author.length, message.sequenceNumber);
  return id;
}
