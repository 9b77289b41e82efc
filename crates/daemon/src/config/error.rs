//! What is wrong with a configuration, and where.
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Counted from one.
    pub line: usize,
    /// In characters, counted from one.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// How many characters it is about; at least one.
    pub len: usize,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The file, if it came from one.
    pub path: Option<PathBuf>,
    /// Where; `None` when it is about the whole.
    pub place: Option<Place>,
    /// What.
    pub what: String,
}

impl ConfigError {
    pub(crate) fn whole(path: Option<&Path>, what: String) -> ConfigError {
        ConfigError { path: path.map(Path::to_owned), place: None, what }
    }
}

impl fmt::Display for ConfigError {
    /// As compilers do it: the place, what is wrong, the line and a mark under it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}", path.display())?,
            None => f.write_str("configuration")?,
        }
        let Some(place) = &self.place else { return write!(f, ": {}", self.what) };
        writeln!(f, ":{}:{}: {}", place.line, place.column, self.what)?;
        let number = place.line.to_string();
        writeln!(f, " {number} | {}", place.text)?;
        let (margin, before) = (" ".repeat(number.len()), " ".repeat(place.column - 1));
        write!(f, " {margin} | {before}{}", "^".repeat(place.len))
    }
}

impl std::error::Error for ConfigError {}

/// The text that errors point into.
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) path: Option<&'a Path>,
}

impl Source<'_> {
    /// Something is wrong with these bytes of the text.
    pub(crate) fn at(&self, span: Range<usize>, what: impl Into<String>) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_at = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(line_at..).unwrap_or_default().lines().next().unwrap_or_default();
        let column = before.get(line_at..).unwrap_or_default().chars().count() + 1;
        let marked = self.text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        let place = Place {
            line: before.matches('\n').count() + 1,
            column,
            text: line.to_owned(),
            len: marked.chars().count().max(1),
        };
        ConfigError { path: self.path.map(Path::to_owned), place: Some(place), what: what.into() }
    }

    pub(crate) fn of_toml(&self, error: &toml::de::Error) -> ConfigError {
        let what = error.message().trim().to_owned();
        match error.span() {
            Some(span) => self.at(span, what),
            None => ConfigError::whole(self.path, what),
        }
    }
}
