//! Finds the sentences of a text that are nearest to a question: words weighed by how rare they are (TF-IDF), and the
//! cosine between question and sentence.

use super::words;
use std::collections::{BTreeMap, HashMap};

/// How much of a sentence's likeness its paragraph counts for: a sentence that answers often leaves out what the
/// paragraph is about.
const OF_PARAGRAPH: f64 = 0.5;

/// Words that every question has, whatever it is about. The rarest of them are rare enough in the handbook to decide.
const COMMON: [&str; 56] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for",
    "from", "give", "has", "have", "how", "i", "if", "in", "is", "it", "its", "may", "me", "must", "my", "need", "of",
    "on", "or", "shall", "should", "tell", "that", "the", "there", "this", "to", "was", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "you",
];

/// The sentences, ready to be compared.
pub struct Index {
    sentences: Vec<Sentence>,
    /// The likeness of whole paragraphs.
    paragraphs: Vec<Weights>,
    rarity: HashMap<String, f64>,
}

struct Sentence {
    text: String,
    paragraph: usize,
    weights: Weights,
}

/// Words with their weights, of length one together. Ordered, so that sums are the same everywhere.
type Weights = BTreeMap<String, f64>;

/// What a word is compared by: small letters, without a plural's or verb's ending. `None` for what says nothing.
fn stem(word: &str) -> Option<String> {
    let small = word.to_lowercase();
    if !small.chars().any(char::is_alphanumeric) || COMMON.contains(&small.as_str()) {
        return None;
    }
    let stem = ["ing", "ies", "ed", "es", "s"]
        .into_iter()
        .find_map(|ending| small.strip_suffix(ending).filter(|stem| stem.len() > 3 && !stem.ends_with('s')));
    Some(stem.unwrap_or(&small).trim_end_matches(['e', 'y']).to_owned())
}

fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split_inclusive(['.', '?', '!']).map(str::trim).filter(|sentence| !sentence.is_empty())
}

impl Index {
    /// An index of a text whose paragraphs are lines.
    pub fn new(text: &str) -> Self {
        let paragraphs: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let all: Vec<(usize, &str)> = paragraphs
            .iter()
            .enumerate()
            .flat_map(|(n, paragraph)| sentences(paragraph).map(move |sentence| (n, sentence)))
            .collect();
        let mut holding: BTreeMap<String, u32> = BTreeMap::new();
        for (_, sentence) in &all {
            let mut stems: Vec<String> = words(sentence).filter_map(stem).collect();
            stems.sort();
            stems.dedup();
            for stem in stems {
                *holding.entry(stem).or_default() += 1;
            }
        }
        let count = all.len() as f64;
        let rarity = holding.into_iter().map(|(stem, n)| (stem, (count / f64::from(n)).ln())).collect();
        let mut index = Self { sentences: Vec::new(), paragraphs: Vec::new(), rarity };
        index.paragraphs = paragraphs.iter().map(|paragraph| index.weigh(paragraph)).collect();
        index.sentences = all
            .into_iter()
            .map(|(paragraph, text)| Sentence { text: text.to_owned(), paragraph, weights: index.weigh(text) })
            .collect();
        index
    }

    fn weigh(&self, text: &str) -> Weights {
        let mut weights = Weights::new();
        for stem in words(text).filter_map(stem) {
            if let Some(rarity) = self.rarity.get(&stem) {
                *weights.entry(stem).or_default() += rarity;
            }
        }
        let length = weights.values().map(|weight| weight * weight).sum::<f64>().sqrt();
        if length > 0.0 {
            weights.values_mut().for_each(|weight| *weight /= length);
        }
        weights
    }

    /// The sentences nearest to a question, in the order of the text. None where no word of it is known.
    pub fn nearest(&self, question: &str, most: usize) -> Vec<&str> {
        let asked = self.weigh(question);
        let mut scored: Vec<(f64, usize)> = self
            .sentences
            .iter()
            .enumerate()
            .map(|(n, sentence)| {
                let own = likeness(&asked, &sentence.weights);
                // A paragraph alone says nothing about which of its sentences answers.
                let around = if own > 0.0 { likeness(&asked, &self.paragraphs[sentence.paragraph]) } else { 0.0 };
                (own + OF_PARAGRAPH * around, n)
            })
            .filter(|(score, _)| *score > 0.0)
            .collect();
        scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut best: Vec<usize> = scored.into_iter().take(most).map(|(_, n)| n).collect();
        best.sort_unstable();
        best.into_iter().map(|n| self.sentences[n].text.as_str()).collect()
    }
}

fn likeness(a: &Weights, b: &Weights) -> f64 {
    a.iter().filter_map(|(word, weight)| Some(weight * b.get(word)?)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::handbook;

    #[test]
    fn a_question_finds_the_sentence_that_answers_it() {
        for (question, answer) in [
            ("What is an external ID?", "external ID"),
            ("how large may the body of a request be", "six megabytes"),
            ("Who may assume a role?", "The trust policy says who may assume the role."),
            ("Why are throttled requests tried again", "throttled"),
            ("Tell me about inference components.", "An inference component is a model"),
        ] {
            let found = handbook().nearest(question, 2).join(" ");
            assert!(found.contains(answer), "{question}: {found}");
        }
    }

    #[test]
    fn a_question_without_a_known_word_finds_nothing() {
        assert!(handbook().nearest("xylophone zzz ?!", 3).is_empty());
        assert!(handbook().nearest("", 3).is_empty());
    }
}
