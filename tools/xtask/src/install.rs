//! Puts libpointsman where programs look: libraries, headers, pkg-config, manual pages.
use crate::run::Run;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const INCLUDE: &str = "crates/capi/include/pointsman";
const MAN: &str = "crates/capi/man";
/// The name that programs record; crates/capi/build.rs gives it.
const SONAME: &str = "libpointsman.so.0";

/// `install --prefix DIR`: builds the library in release and copies what belongs to it.
pub(crate) fn install(words: &[String]) -> Result<(), String> {
    let [option, prefix] = words else { return Err("install wants --prefix DIR".to_owned()) };
    let prefix = PathBuf::from(prefix);
    if option != "--prefix" || !prefix.is_absolute() {
        return Err("install wants --prefix and an absolute path".to_owned());
    }
    Run::cargo("build libpointsman", &["build", "--release", "-p", "pointsman-capi"]).go()?;
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    copy_all(&Path::new(&target).join("release"), &prefix)
}

/// Copies everything, the libraries from `built`.
fn copy_all(built: &Path, prefix: &Path) -> Result<(), String> {
    let libraries = prefix.join("lib");
    copy(&built.join("libpointsman.so"), &libraries.join(format!("{SONAME}.{}", env!("CARGO_PKG_VERSION"))))?;
    copy(&built.join("libpointsman.a"), &libraries.join("libpointsman.a"))?;
    link(&libraries.join(SONAME), &format!("{SONAME}.{}", env!("CARGO_PKG_VERSION")))?;
    link(&libraries.join("libpointsman.so"), SONAME)?;
    copy_folder(Path::new(INCLUDE), &prefix.join("include/pointsman"))?;
    copy_folder(Path::new(MAN), &prefix.join("share/man/man3"))?;
    for (name, text) in
        [("pointsman.pc", package(prefix, "")), ("pointsman-windows.pc", package(prefix, WINDOWS))]
    {
        write(&libraries.join("pkgconfig").join(name), &text)?;
    }
    println!("== installed below {}", prefix.display());
    Ok(())
}

/// What `pkg-config --cflags pointsman-windows` adds: <windows.h> is ours, L"..." has 16-bit characters.
const WINDOWS: &str = "/pointsman/compat -fshort-wchar";

fn package(prefix: &Path, compat: &str) -> String {
    let name = if compat.is_empty() { "pointsman" } else { "pointsman-windows" };
    format!(
        "prefix={}\nlibdir=${{prefix}}/lib\nincludedir=${{prefix}}/include\n\nName: {name}\n\
         Description: DeviceIoControl and its neighbours on Linux\nVersion: {}\n\
         Cflags: -I${{includedir}}{compat}\nLibs: -L${{libdir}} -lpointsman\n\
         Libs.private: -lpthread -ldl -lm -lgcc_s\n",
        prefix.display(),
        env!("CARGO_PKG_VERSION"),
    )
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", from.display());
    for entry in fs::read_dir(from).map_err(told)? {
        let entry = entry.map_err(told)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy_folder(&from, &to)? } else { copy(&from, &to)? }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    make_folder_of(to)?;
    fs::copy(from, to).map(drop).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

fn write(to: &Path, text: &str) -> Result<(), String> {
    make_folder_of(to)?;
    fs::write(to, text).map_err(|error| format!("{}: {error}", to.display()))
}

fn link(at: &Path, target: &str) -> Result<(), String> {
    let _ = fs::remove_file(at); // the one of an earlier installation
    symlink(target, at).map_err(|error| format!("{}: {error}", at.display()))
}

fn make_folder_of(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_for_windows_sources_asks_for_short_characters_and_our_windows_h() {
        let plain = package(Path::new("/opt/p"), "");
        assert!(
            plain.contains("Cflags: -I${includedir}\n") && plain.starts_with("prefix=/opt/p\n"),
            "{plain}"
        );
        let windows = package(Path::new("/opt/p"), WINDOWS);
        assert!(windows.contains("Cflags: -I${includedir}/pointsman/compat -fshort-wchar\n"), "{windows}");
    }
}
