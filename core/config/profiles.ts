import mainnet from "../../config/mainnet.toml" with { type: "text" };
import regtest from "../../config/regtest.toml" with { type: "text" };
import initText from "../../config/default.toml" with { type: "text" };

/** Text of the network profile of that name; networks without one have "". Part of the program, also when compiled. */
export function profileText(network: string): string {
  if (network === "mainnet") return mainnet;
  return network === "regtest" ? regtest : "";
}

/** The commented default configuration, for `commons init`: `config/default.toml` itself. */
export function initConfigText(): string {
  return initText;
}
