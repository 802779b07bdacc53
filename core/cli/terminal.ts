const CONTROL = /[\p{Cc}\p{Bidi_Control}]/gu;

function escaped(character: string): string {
  return "\\u" + (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
}

/**
 * Text from outside made safe for a terminal: control characters and those that turn the writing direction are shown
 * as `\uXXXX`, so that nobody moves the cursor or fakes a line. Newlines and tabs stay.
 */
export function cleanText(text: string): string {
  return text.replaceAll("\r\n", "\n")
    .replace(
      CONTROL,
      (character) => character === "\n" || character === "\t" ? character : escaped(character),
    );
}

/** Like {@linkcode cleanText}, for one line: newlines and tabs are shown as escapes too. */
export function cleanLine(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** JSON text of `value` that is also safe to show: what JSON itself leaves unescaped is escaped. */
export function displayJson(value: unknown): string {
  return cleanText(JSON.stringify(value, undefined, 2) ?? "null") + "\n";
}
