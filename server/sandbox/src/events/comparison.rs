//! The comparisons of event patterns.
//!
//! Source: EventBridge user guide, "Comparison operators"; the texts are those of AWS's public Event Ruler.

use serde_json::Value;
use std::net::IpAddr;

/// A comparison with one value of an event.
#[derive(Debug)]
pub enum Matcher {
    /// The same value.
    Exact(Value),
    /// A text that begins so; whether its case counts.
    Prefix(String, Case),
    /// A text that ends so.
    Suffix(String, Case),
    /// The same text in any case.
    EqualsIgnoreCase(String),
    /// Whatever none of these is.
    AnythingBut(Vec<Matcher>),
    /// A number within bounds.
    Numeric(Vec<(Order, f64)>),
    /// There is a value, or there is none.
    Exists(bool),
    /// A text of these pieces with anything between them.
    Wildcard(Vec<String>),
    /// An address of a network: its bits, and how many count.
    Cidr(IpAddr, u32),
}

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// It does.
    Counts,
    /// It does not.
    Ignored,
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    Less,
    LessOrEqual,
    Equal,
    MoreOrEqual,
    More,
}

/// What numbers of a comparison may be at most.
const LARGEST: f64 = 5.0e9;

impl Matcher {
    /// The names of comparisons.
    pub const WORDS: [&str; 8] =
        ["prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists", "wildcard", "cidr"];

    /// The text that it asks for exactly, if it does.
    pub fn exact_text(&self) -> Option<&str> {
        match self {
            Self::Exact(value) => value.as_str(),
            _ => None,
        }
    }

    /// Whether a value that is no array or object fits.
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Exact(wanted) => same(wanted, value),
            Self::Exists(wanted) => *wanted,
            Self::AnythingBut(others) => !others.iter().any(|other| other.matches(value)),
            Self::Numeric(bounds) => {
                value.as_f64().is_some_and(|n| bounds.iter().all(|(order, bound)| order.holds(n, *bound)))
            }
            Self::Prefix(..) | Self::Suffix(..) | Self::EqualsIgnoreCase(_) | Self::Wildcard(_) | Self::Cidr(..) => {
                value.as_str().is_some_and(|text| self.matches_text(text))
            }
        }
    }

    fn matches_text(&self, text: &str) -> bool {
        let fold = |text: &str, case: Case| if case == Case::Counts { text.to_owned() } else { text.to_lowercase() };
        match self {
            Self::Prefix(prefix, case) => fold(text, *case).starts_with(&fold(prefix, *case)),
            Self::Suffix(suffix, case) => fold(text, *case).ends_with(&fold(suffix, *case)),
            Self::EqualsIgnoreCase(other) => text.to_lowercase() == other.to_lowercase(),
            Self::Wildcard(pieces) => fits(pieces, text),
            Self::Cidr(network, bits) => text.parse().is_ok_and(|address| is_in(address, *network, *bits)),
            _ => false,
        }
    }
}

impl Order {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            "=" => Self::Equal,
            ">=" => Self::MoreOrEqual,
            ">" => Self::More,
            _ => return None,
        })
    }
    fn is_lower_bound(self) -> bool {
        matches!(self, Self::More | Self::MoreOrEqual)
    }
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Equal => value == bound,
            Self::MoreOrEqual => value >= bound,
            Self::More => value > bound,
        }
    }
}

/// Numbers are the same whatever way they are written.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => wanted == value,
    }
}

fn fits(pieces: &[String], text: &str) -> bool {
    let [first, between @ .., last] = pieces else { return pieces.first().is_some_and(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in between {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

fn bits_of(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let ((a, length), (b, other)) = (bits_of(address), bits_of(network));
    length == other && (bits == 0 || (a ^ b) >> (length - bits) == 0)
}

/// Reads an element of a pattern's list.
pub fn matcher(value: &Value) -> Result<Matcher, String> {
    match value {
        Value::Object(fields) => {
            let mut fields = fields.iter();
            match (fields.next(), fields.next()) {
                (None, _) => Err("Empty objects are not allowed".to_owned()),
                (Some((word, argument)), None) => comparison(word, argument),
                _ => Err("Only one key allowed in match expression".to_owned()),
            }
        }
        Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
        value => Ok(Matcher::Exact(value.clone())),
    }
}

fn comparison(word: &str, argument: &Value) -> Result<Matcher, String> {
    match word {
        "anything-but" => anything_but(argument).map(Matcher::AnythingBut),
        "numeric" => numeric(argument).map(Matcher::Numeric),
        "exists" => argument
            .as_bool()
            .map(Matcher::Exists)
            .ok_or_else(|| "exists match pattern must be either true or false.".to_owned()),
        "cidr" => cidr(text(word, argument)?),
        _ => textual(word, argument),
    }
}

fn text<'a>(word: &str, argument: &'a Value) -> Result<&'a str, String> {
    argument.as_str().ok_or_else(|| format!("{word} match pattern must be a string"))
}

/// The comparisons of texts, which `anything-but` knows too.
fn textual(word: &str, argument: &Value) -> Result<Matcher, String> {
    let cased = || match argument.get("equals-ignore-case") {
        Some(inside) => Ok((text(word, inside)?.to_owned(), Case::Ignored)),
        None => Ok::<_, String>((text(word, argument)?.to_owned(), Case::Counts)),
    };
    Ok(match word {
        "prefix" => cased().map(|(prefix, case)| Matcher::Prefix(prefix, case))?,
        "suffix" => cased().map(|(suffix, case)| Matcher::Suffix(suffix, case))?,
        "equals-ignore-case" => Matcher::EqualsIgnoreCase(text(word, argument)?.to_owned()),
        "wildcard" => Matcher::Wildcard(pieces(text(word, argument)?)?),
        other => return Err(format!("Unrecognized match type {other}")),
    })
}

fn anything_but(argument: &Value) -> Result<Vec<Matcher>, String> {
    match argument {
        Value::Object(fields) => {
            let mut fields = fields.iter();
            let (Some((word, inside)), None) = (fields.next(), fields.next()) else {
                return Err("Only one key allowed in match expression".to_owned());
            };
            let single = std::slice::from_ref(inside);
            let all = inside.as_array().map_or(single, Vec::as_slice);
            if all.is_empty() {
                return Err("Empty arrays are not allowed".to_owned());
            }
            if all.iter().any(|value| value.as_str() == Some("")) {
                return Err(format!("Null anything-but {word} not allowed"));
            }
            all.iter().map(|value| textual(word, value)).collect()
        }
        Value::Array(values) => {
            if values.is_empty() {
                return Err("Empty arrays are not allowed".to_owned());
            }
            if !values.iter().all(Value::is_string) && !values.iter().all(Value::is_number) {
                return Err("Inside anything but list, either all values are number or string, mixed type is not \
                            supported"
                    .to_owned());
            }
            Ok(values.iter().cloned().map(Matcher::Exact).collect())
        }
        Value::String(_) | Value::Number(_) => Ok(vec![Matcher::Exact(argument.clone())]),
        _ => Err("Value of anything-but must be an array or single string/number value.".to_owned()),
    }
}

fn numeric(argument: &Value) -> Result<Vec<(Order, f64)>, String> {
    let parts = argument.as_array().ok_or_else(|| "Value of numeric must be an array.".to_owned())?;
    if parts.is_empty() || parts.len() > 4 {
        return Err("Too many or too few elements in numeric expression".to_owned());
    }
    let mut bounds: Vec<(Order, f64)> = Vec::new();
    for pair in parts.chunks(2) {
        let word = pair[0].as_str().ok_or_else(|| format!("Invalid member in numeric match: {}", pair[0]))?;
        let order = Order::parse(word).ok_or_else(|| format!("Unrecognized numeric range operator: {word}"))?;
        let bound = pair.get(1).and_then(Value::as_f64).ok_or_else(|| format!("Value of {word} must be numeric"))?;
        if bound.abs() > LARGEST {
            return Err("Value must be between -5.0E9 and 5.0E9, inclusive".to_owned());
        }
        if let Some((first, bottom)) = bounds.first() {
            let upper = matches!(order, Order::Less | Order::LessOrEqual);
            if !first.is_lower_bound() || !upper {
                return Err(format!("Bad numeric range operator: {word}"));
            }
            if *bottom >= bound {
                return Err("Bottom must be less than top".to_owned());
            }
        }
        bounds.push((order, bound));
    }
    Ok(bounds)
}

/// The pieces between the stars. A backslash takes the meaning from a star or another backslash.
fn pieces(text: &str) -> Result<Vec<String>, String> {
    let mut pieces = vec![String::new()];
    let mut star = false;
    let mut characters = text.chars().enumerate();
    while let Some((at, character)) = characters.next() {
        let last = pieces.len() - 1;
        match character {
            '*' if star => return Err(format!("Consecutive wildcard characters at pos {}", at - 1)),
            '*' => {
                pieces.push(String::new());
                star = true;
                continue;
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('*' | '\\'))) => pieces[last].push(escaped),
                _ => return Err(format!("Invalid escape character at pos {at}")),
            },
            other => pieces[last].push(other),
        }
        star = false;
    }
    Ok(pieces)
}

fn cidr(text: &str) -> Result<Matcher, String> {
    let malformed = || format!("Malformed CIDR, one '/' required: {text}");
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| malformed())?)),
        None => (text, None),
    };
    let network: IpAddr = address.parse().map_err(|_| malformed())?;
    let (_, length) = bits_of(network);
    let bits = bits.unwrap_or(length);
    if bits > length {
        return Err(format!("Malformed CIDR, mask bits must not be more than {length}: {text}"));
    }
    Ok(Matcher::Cidr(network, bits))
}
