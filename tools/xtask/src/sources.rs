//! The repository's own files.
use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from the root, and its text.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// True for code that runs only in tests: a file under `tests/`, or a line behind `#[cfg(test)]`.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        let in_tests = self.path.components().any(|part| part.as_os_str() == "tests");
        let gate = self.text.lines().position(|line| line.trim() == "#[cfg(test)]");
        in_tests || gate.is_some_and(|gate| gate < line)
    }
}

/// Every file below the root with this extension, in the order of their paths; what is built or hidden is left out.
pub(crate) fn with_extension(extension: &str) -> Result<Vec<Source>, String> {
    let mut paths = Vec::new();
    walk(Path::new("."), extension, &mut paths)
        .map_err(|error| format!("reading the repository: {error}"))?;
    paths.sort();
    let read = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => Ok(Source { path, text }),
        Err(error) => Err(format!("{}: {error}", path.display())),
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, extension: &str, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind, path) = (entry.file_name(), entry.file_type()?, entry.path());
        let skipped = name.as_encoded_bytes().starts_with(b".") || name == "target" || name == "corpus";
        if kind.is_dir() && !skipped {
            walk(&path, extension, paths)?;
        } else if kind.is_file() && path.extension().is_some_and(|e| e == extension) {
            paths.push(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
        }
    }
    Ok(())
}

/// Prints each complaint, and fails when there is one.
pub(crate) fn verdict(what: &str, complaints: &[String]) -> Result<(), String> {
    for complaint in complaints {
        println!("{complaint}");
    }
    match complaints.len() {
        0 => {
            println!("== {what}: clean");
            Ok(())
        }
        count => Err(format!("{what} has {count} complaints")),
    }
}
