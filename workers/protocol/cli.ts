/** One argument of a module's command. */
export interface CliArg {
  readonly name: string;
  readonly about?: string;
  /** `--long` form; default: the name. */
  readonly long_name?: string;
  readonly short_name?: string;
  readonly required?: boolean;
  /** False makes it a flag; default true. */
  readonly takes_value?: boolean;
  readonly default?: string;
}

export interface CliSubcommand {
  readonly name: string;
  readonly about?: string;
  readonly args: readonly CliArg[];
}

/** The commands of one module; `name` is the group's name, which is the module's. */
export interface CliSpec {
  readonly version: 1;
  readonly name: string;
  readonly about?: string;
  readonly subcommands: readonly CliSubcommand[];
}

/** What a command printed and how it ended. */
export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit_code: number;
}
