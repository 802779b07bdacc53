import type { ComponentLogger, Logger as Libp2pLogger } from "@libp2p/interface";
import { errorText } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

const MAX_TEXT = 300;

/**
 * The libraries' own logging, reduced to their errors on our debug level: what they say is for their developers and
 * may quote peers. Everything else costs a call and no formatting.
 */
export function libp2pLogger(logger: Logger): ComponentLogger {
  return { forComponent: (name) => scoped(logger, name) };
}

function scoped(logger: Logger, name: string): Libp2pLogger {
  const error = (text: unknown, ...rest: readonly unknown[]) => {
    const cause = rest.find((value) => value instanceof Error);
    logger.debug("network library error", {
      component: name,
      text: errorText(text).slice(0, MAX_TEXT),
      ...(cause === undefined ? {} : { error: errorText(cause).slice(0, MAX_TEXT) }),
    });
  };
  const silent = () => {};
  return Object.assign(() => {}, {
    error,
    trace: silent,
    enabled: false,
    newScope: (scope: string) => scoped(logger, `${name}:${scope}`),
  });
}
