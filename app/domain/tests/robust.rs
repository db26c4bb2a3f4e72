//! No input makes the evaluator panic or go on for long: a corpus of real and of nasty inputs, and changes of them made
//! at random from fixed seeds. `app/domain/fuzz` gives the same checks to libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "evaluator/authored.rs"]
mod authored;
#[path = "robust/entry.rs"]
mod entry;
#[path = "robust/large.rs"]
mod large;
#[path = "robust/mutate.rs"]
mod mutate;

use mutate::Chance;
use serde_json::Value;
use std::path::Path;

/// Every file of the corpus.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn the_corpus_is_read_as_its_names_say() {
    let files = corpus();
    assert!(files.len() >= 25, "only {} files", files.len());
    for (name, data) in files {
        let evaluated = entry::run(&data);
        match name.split_once('-').unwrap().0 {
            "good" => assert!(evaluated > 0, "{name}: nothing was evaluated"),
            "bad" => assert_eq!(evaluated, 0, "{name}: something was evaluated"),
            other => panic!("{name}: `{other}` is neither good nor bad"),
        }
    }
}

#[test]
fn large_inputs_are_answered_or_refused() {
    for (name, fate, text) in large::scenarios() {
        let evaluated = entry::run(text.as_bytes());
        assert_eq!(evaluated, usize::from(fate == large::Fate::Decided), "{name}");
    }
}

#[test]
fn changed_bytes_of_the_corpus_do_no_harm() {
    let seeds: Vec<Vec<u8>> = corpus().into_iter().map(|(_, data)| data).collect();
    let mut chance = Chance::new(0x5a6e);
    for _ in 0..1_500 {
        let mut data = chance.pick(&seeds).clone();
        for _ in 0..=chance.below(4) {
            let other = chance.pick(&seeds).clone();
            mutate::bytes(&mut data, &other, &mut chance);
        }
        entry::run(&data);
    }
}

#[test]
fn changed_scenarios_do_no_harm() {
    let seeds: Vec<Value> = authored::all().into_iter().map(|(_, scenario, _)| scenario).collect();
    let mut chance = Chance::new(0xc0ffee);
    let mut evaluated = 0;
    let tried = 5_000;
    for _ in 0..tried {
        let mut scenario = chance.pick(&seeds).clone();
        for _ in 0..=chance.below(2) {
            let other = chance.pick(&seeds).clone();
            mutate::value(&mut scenario, &other, &mut chance);
        }
        evaluated += entry::run(scenario.to_string().as_bytes());
    }
    // Changes that only ever break a scenario would test no more than its reader.
    assert!(evaluated > tried / 6 && evaluated < tried, "{evaluated} of {tried} were evaluated");
}
