//! Which crate may look at which: the arrows of ARCHITECTURE.md, pointing down.
use crate::sources::Source;

/// A crate and all it may depend on. A new crate stands here before it builds.
const ARROWS: &[(&str, &[&str])] = &[
    ("nt", &[]),
    ("reparse", &["nt"]),
    ("numbered", &[]),
    ("fsa", &["numbered", "reparse", "nt"]),
    ("xca", &[]),
    ("ntfs", &["xca", "reparse", "nt"]),
    ("wire", &["reparse", "nt"]),
    ("smb", &["numbered", "wire", "reparse", "nt"]),
    // the daemon, and what it is made of, for tests: a server of ours to talk to
    ("remote", &["daemon", "smb", "fsa", "wire", "reparse", "nt"]),
    ("ledger", &[]),
    ("places", &["fsa", "ntfs", "xca", "remote", "reparse", "nt"]),
    ("daemon", &["smb", "fsa", "ledger", "wire", "reparse", "nt"]),
    ("cli", &["daemon", "smb", "wire", "places", "xca", "remote", "fsa", "ntfs", "reparse", "nt"]),
    ("capi", &["daemon", "smb", "wire", "ntfs", "places", "remote", "fsa", "reparse", "nt"]),
];

/// Complaints about a manifest under `crates/`.
pub(crate) fn complaints(manifest: &Source) -> Vec<String> {
    let mut parts = manifest.path.components().map(|part| part.as_os_str().to_string_lossy());
    let (Some(top), Some(name)) = (parts.next(), parts.next()) else { return Vec::new() };
    if top != "crates" {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![format!("{}: a crate without arrows in xtask's arrows.rs", manifest.path.display())];
    };
    let ours = |dependency: &&str| ARROWS.iter().any(|(crate_name, _)| crate_name == dependency);
    dependencies(&manifest.text)
        .into_iter()
        .map(|dependency| dependency.strip_prefix("pointsman-").unwrap_or(dependency))
        .filter(ours)
        .filter(|dependency| !allowed.contains(dependency))
        .map(|dependency| format!("{}: {name} may not look at {dependency}", manifest.path.display()))
        .collect()
}

/// The keys of every dependencies section, those of tests and builds among them.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default();
            inside = section.ends_with("dependencies");
            if let Some((_, name)) = section.split_once("dependencies.") {
                found.push(name);
            }
        } else if inside && !line.starts_with('#') {
            let key = line.split(['=', '.', ' ']).next().unwrap_or_default();
            found.extend(Some(key).filter(|key| !key.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(name: &str, text: &str) -> Vec<String> {
        complaints(&Source { path: format!("crates/{name}/Cargo.toml").into(), text: text.to_owned() })
    }

    #[test]
    fn an_arrow_that_points_up_is_found_in_every_way_to_write_it() {
        for text in [
            "[dependencies]\nfsa = { workspace = true }",
            "[dependencies]\nfsa.workspace = true # reason",
            "[dependencies]\npointsman-fsa = { path = \"../fsa\" }",
            "[dev-dependencies]\nfsa = { workspace = true }",
            "[target.'cfg(unix)'.dependencies]\nfsa = { workspace = true }",
            "[dependencies.fsa]\nworkspace = true",
        ] {
            assert_eq!(complaints_about("reparse", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_arrow_that_points_down_and_a_foreign_crate_are_fine() {
        let text = "[features]\nfsa = []\n[dependencies]\nnt = { workspace = true }\nserde = \"1\"";
        assert_eq!(complaints_about("reparse", text), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_arrows_is_a_complaint() {
        assert_eq!(complaints_about("surprise", "").len(), 1);
    }
}
