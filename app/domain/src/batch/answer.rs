//! What stands beside a row's input.

use super::limits;

/// The names of the columns that are put beside a row's own: `prediction` (or `prediction_1`, `prediction_2` … where the
/// answer is several values), `status`, `error`, `ms`. One that the file has already gets `batch_` before it.
pub fn result_columns(own: &[String], predictions: usize) -> Vec<String> {
    let several = (1..=predictions).map(|n| format!("prediction_{n}"));
    let names: Vec<String> = if predictions > 1 { several.collect() } else { vec!["prediction".into()] };
    let ours = names.into_iter().chain(["status", "error", "ms"].map(str::to_owned));
    ours.map(|name| {
        let mut name = name;
        while own.contains(&name) {
            name.insert_str(0, "batch_");
        }
        name
    })
    .collect()
}

/// An answer as the fields of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predictions(Vec<String>);

impl Predictions {
    /// `fields` are the answer's values where it is a single record of CSV, and the answer itself otherwise.
    pub fn new(fields: Vec<String>, answer: &str) -> Self {
        if fields.len() > limits::PREDICTIONS { Self(vec![answer.to_owned()]) } else { Self(fields) }
    }

    /// How many columns they ask for, at least one.
    pub fn columns(&self) -> usize {
        self.0.len().max(1)
    }

    /// About how much memory they take.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|field| field.len() + size_of::<String>()).sum()
    }

    /// Exactly so many fields. An answer of another number of values than the first one stays whole, in the first field:
    /// nothing is put under a heading that it may not belong to.
    pub fn spread(&self, columns: usize, answer: &str) -> Vec<String> {
        let mut fields = if self.0.len() == columns { self.0.clone() } else { vec![answer.trim_end().to_owned()] };
        fields.resize(columns.max(1), String::new());
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_apart_from_the_files_own() {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(result_columns(&own(&["id"]), 1), ["prediction", "status", "error", "ms"]);
        assert_eq!(result_columns(&[], 2), ["prediction_1", "prediction_2", "status", "error", "ms"]);
        let taken = result_columns(&own(&["status", "batch_status"]), 1);
        assert_eq!(taken, ["prediction", "batch_batch_status", "error", "ms"]);
    }

    #[test]
    fn an_answer_of_another_shape_stays_whole() {
        let two = Predictions::new(vec!["0.1".into(), "0.9".into()], "0.1,0.9\n");
        assert_eq!(two.columns(), 2);
        assert_eq!(two.spread(2, "0.1,0.9\n"), ["0.1", "0.9"]);
        assert_eq!(two.spread(1, "0.1,0.9\n"), ["0.1,0.9"]);
        assert_eq!(two.spread(3, "0.1,0.9\n"), ["0.1,0.9", "", ""]);
        let many = Predictions::new(vec!["1".into(); limits::PREDICTIONS + 1], "1,…");
        assert_eq!(many.columns(), 1);
    }
}
