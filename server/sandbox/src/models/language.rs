//! The language model behind `writer` and `assistant`: words of the shipped handbook, counted in threes.
//!
//! What comes next is drawn from the words that followed the last two in the handbook. A part of the probability is
//! always left to what followed the last word alone (absolute discounting), so that the text is not the handbook
//! itself; words that the model has not seen together fall back to shorter contexts. Counting takes milliseconds, so
//! it is done when somebody asks first.

mod search;
mod writing;

pub use writing::{Finish, Written, write};

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// The text that everything is learned from. Its paragraphs are lines.
const HANDBOOK: &str = include_str!("../../data/handbook.txt");
/// What each seen continuation gives up for those of the shorter context.
const DISCOUNT: f64 = 0.15;

/// A word or a punctuation mark, as a number.
type WordId = u32;
/// How often each word followed. Ordered, so that drawing is the same everywhere.
type Counts = BTreeMap<WordId, u32>;

/// A piece of text as it is sent: with the space before it, if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// The word's number in the vocabulary; 0 for a word that is not in it.
    pub id: u32,
    /// The text.
    pub text: String,
    /// The logarithm of the probability it was drawn with; 0 where it was not drawn but quoted.
    pub logprob: f64,
}

/// The counts.
pub struct Language {
    words: Vec<String>,
    ids: HashMap<String, WordId>,
    /// The number of each word in small letters: contexts don't tell `The` from `the`.
    folded: Vec<WordId>,
    all: Counts,
    after_one: HashMap<WordId, Counts>,
    after_two: HashMap<(WordId, WordId), Counts>,
    index: search::Index,
}

/// The model of this process.
pub fn handbook() -> &'static Language {
    static LEARNED: OnceLock<Language> = OnceLock::new();
    LEARNED.get_or_init(|| Language::learn(HANDBOOK))
}

impl Language {
    fn learn(text: &str) -> Self {
        let mut language = Self {
            // Number 0 stands for words that are not known.
            words: vec![String::new()],
            ids: HashMap::new(),
            folded: vec![0],
            all: Counts::new(),
            after_one: HashMap::new(),
            after_two: HashMap::new(),
            index: search::Index::new(text),
        };
        let read: Vec<WordId> = words(text).map(|word| language.intern(word)).collect();
        let folded: Vec<WordId> = read.iter().map(|id| language.folded[*id as usize]).collect();
        for (at, next) in read.iter().enumerate() {
            *language.all.entry(*next).or_default() += 1;
            if at >= 1 {
                *language.after_one.entry(folded[at - 1]).or_default().entry(*next).or_default() += 1;
            }
            if at >= 2 {
                let context = (folded[at - 2], folded[at - 1]);
                *language.after_two.entry(context).or_default().entry(*next).or_default() += 1;
            }
        }
        language
    }

    fn intern(&mut self, word: &str) -> WordId {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = WordId::try_from(self.words.len()).unwrap_or(WordId::MAX);
        self.words.push(word.to_owned());
        self.ids.insert(word.to_owned(), id);
        // Filled before the small one is looked up: a word in small letters is its own.
        self.folded.push(id);
        let small = word.to_lowercase();
        if small != word {
            self.folded[id as usize] = self.intern(&small);
        }
        id
    }

    /// How many tokens a text has.
    pub fn count(&self, text: &str) -> usize {
        words(text).count()
    }

    /// The words of `text` as tokens, as they would continue what ends with `before`.
    pub fn quote(&self, before: &str, text: &str) -> Vec<Token> {
        let mut so_far = before.to_owned();
        let quoted = words(text).map(|word| {
            let token =
                Token { id: self.ids.get(word).copied().unwrap_or(0), text: spaced(&so_far, word), logprob: 0.0 };
            so_far.clone_from(&token.text);
            token
        });
        quoted.collect()
    }

    /// The sentences of the handbook nearest to a question, at most `most`, in the order they stand in.
    pub fn nearest(&self, question: &str, most: usize) -> Vec<&str> {
        self.index.nearest(question, most)
    }

    /// What follows `prompt`, without end.
    pub fn continued(&'static self, prompt: &str, sampling: Sampling) -> Generator {
        let known = |word: &str| {
            let id = self.ids.get(word).or_else(|| self.ids.get(&word.to_lowercase()));
            id.map(|id| self.folded[*id as usize])
        };
        let all: Vec<_> = words(prompt).map(known).collect();
        let mut last = all.into_iter().rev();
        let one = last.next().flatten();
        let two = last.next().flatten();
        Generator { language: self, two, one, tail: prompt.to_owned(), random: Random(sampling.seed), sampling }
    }

    /// The probability of every word that may come next. Each context keeps what it has seen less the discount, and
    /// hands the discounts on to the shorter one.
    fn next(&self, two: Option<WordId>, one: Option<WordId>) -> BTreeMap<WordId, f64> {
        let trigrams = two.zip(one).and_then(|context| self.after_two.get(&context));
        let bigrams = one.and_then(|context| self.after_one.get(&context));
        let mut chances = BTreeMap::new();
        let mut left = 1.0;
        let seen: Vec<&Counts> = [trigrams, bigrams].into_iter().flatten().collect();
        // Only where neither is known does any word of the handbook come in question.
        let seen = if seen.is_empty() { vec![&self.all] } else { seen };
        for (n, counts) in seen.iter().enumerate() {
            let total = f64::from(counts.values().sum::<u32>());
            let discount = if n + 1 == seen.len() { 0.0 } else { DISCOUNT };
            for (word, count) in *counts {
                *chances.entry(*word).or_default() += left * (f64::from(*count) - discount) / total;
            }
            left *= discount * counts.len() as f64 / total;
        }
        chances
    }
}

/// How words are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// Above 1 unlikely words come more often, below it less often; `None` takes the likeliest each time.
    pub temperature: Option<f64>,
    /// Where the drawing starts: the same seed draws the same.
    pub seed: u64,
}

/// Draws word after word.
pub struct Generator {
    language: &'static Language,
    two: Option<WordId>,
    one: Option<WordId>,
    /// What the next word is written behind.
    tail: String,
    random: Random,
    sampling: Sampling,
}

impl Iterator for Generator {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let chances = self.language.next(self.two, self.one);
        let (id, chance) = match self.sampling.temperature {
            Some(temperature) => draw(&chances, temperature, self.random.next()),
            // The first of the likeliest, so that there is one answer.
            None => chances.iter().fold((0, 0.0), |best, (id, p)| if *p > best.1 { (*id, *p) } else { best }),
        };
        let word = self.language.words.get(id as usize)?;
        let text = spaced(&self.tail, word);
        self.two = self.one;
        self.one = Some(self.language.folded[id as usize]);
        self.tail.clone_from(&text);
        Some(Token { id, text, logprob: chance.ln() })
    }
}

/// One of the words, and the probability it had. `at` is in `0..1`.
fn draw(chances: &BTreeMap<WordId, f64>, temperature: f64, at: f64) -> (WordId, f64) {
    // Against the likeliest: the exponent would take all of them to zero at low temperatures.
    let most = chances.values().copied().fold(0.0, f64::max);
    let scaled: Vec<(WordId, f64)> =
        chances.iter().map(|(id, p)| (*id, ((p.ln() - most.ln()) / temperature).exp())).collect();
    let total: f64 = scaled.iter().map(|(_, weight)| weight).sum();
    let mut left = at * total;
    let drawn = scaled.iter().find(|(_, weight)| {
        left -= weight;
        left < 0.0
    });
    drawn.or(scaled.last()).map_or((0, 1.0), |(id, weight)| (*id, weight / total))
}

/// SplitMix64: small, and the same everywhere and for ever.
struct Random(u64);

impl Random {
    /// In `0..1`.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '-' | '_')
}

/// Words, and every other mark for itself.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let end =
            if is_of_word(first) { rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// A word as it is written behind `before`: marks stand close, words apart.
fn spaced(before: &str, word: &str) -> String {
    let close = word.starts_with(['.', ',', ';', ':', '?', '!', ')', ']', '}']);
    let open = before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '{'));
    if close || open { word.to_owned() } else { format!(" {word}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(prompt: &str, temperature: Option<f64>, seed: u64) -> String {
        handbook().continued(prompt, Sampling { temperature, seed }).take(40).map(|token| token.text).collect()
    }

    #[test]
    fn the_same_seed_writes_the_same_and_another_one_something_else() {
        let first = drawn("A role is", Some(0.8), 7);
        assert_eq!(first, drawn("A role is", Some(0.8), 7));
        assert_ne!(first, drawn("A role is", Some(0.8), 8));
        assert_ne!(first, drawn("An endpoint is", Some(0.8), 7));
    }

    #[test]
    fn without_a_temperature_the_likeliest_word_is_taken() {
        assert_eq!(drawn("A role is", None, 1), drawn("A role is", None, 2));
        // Near zero the draw has hardly a choice left: nearly every word is certain.
        let cold = handbook().continued("A role is", Sampling { temperature: Some(0.001), seed: 3 });
        assert!(cold.take(40).filter(|token| token.logprob > -0.01).count() > 10);
    }

    #[test]
    fn probabilities_add_up_to_one_in_every_context() {
        let language = handbook();
        let id = |word: &str| language.ids.get(word).copied();
        for (two, one) in [(id("a"), id("role")), (None, id("the")), (id("policy"), id("hexadecimal")), (None, None)] {
            let sum: f64 = language.next(two, one).values().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn words_are_written_as_people_write_them() {
        let text: String =
            handbook().quote("", "Who asked ?  For\nwhat: an endpoint.").into_iter().map(|t| t.text).collect();
        assert_eq!(text, "Who asked? For what: an endpoint.");
        let behind: String = handbook().quote("so (", "far)").into_iter().map(|t| t.text).collect();
        assert_eq!(behind, "far)");
    }

    #[test]
    fn strange_prompts_are_continued_too() {
        for prompt in ["", "\u{1f600}", "zzz qqq", "\0", "ä ß 漢字"] {
            assert!(!drawn(prompt, Some(1.5), 1).is_empty());
        }
    }
}
