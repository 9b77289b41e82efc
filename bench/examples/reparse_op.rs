//! Runs one operation of the codec's benchmark so many times, for valgrind to count.
use pointsman_bench::reparse::{OPS, Subject};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, calls] = words.as_slice() else { return };
    let Some((_, op)) = OPS.iter().find(|(of, _)| of == name) else { return };
    let subject = Subject::default();
    (0..calls.parse().unwrap_or(0)).for_each(|_: u32| op(&subject));
}
