//! Compiling and running the C programs.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests: they end by a panic, and say what they skip
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The programs that are Windows programs too.
pub const COMMON: &[&str] = &[
    "page",
    "contract",
    "installer_junction",
    "overlapped",
    "completion_port",
    "names",
    "privileges",
    "two_drives",
    "native",
    "times",
    "events",
    "text",
    "numbers",
];
/// The programs that need a server.
pub const SHARES: &[&str] = &["share", "unc"];
/// The programs that need a directory of an image.
pub const IMAGES: &[&str] = &["image_drives"];
/// The programs that need threads of this machine.
pub const POSIX: &[&str] = &["threads"];
/// The programs that include our header by its own name, without -fshort-wchar.
pub const OWN_NAMES: &[&str] = &["u_strings", "plain_names"];

/// The example of README.
pub const EXAMPLE: &str = "set_reparse_point";

/// What `page` and the example print on Windows: success, and the six failures that the reference names.
pub const PAGE: &str = "a mount point on a directory: 0\nno input: 1784\nan output buffer: 87\na byte too few: 4392\n\
    another tag than is there: 4394\na mount point on a file: 267\na directory with entries: 145\n";

/// A compiler and what makes it read a language.
pub struct Compiler {
    pub command: &'static str,
    pub language: &'static [&'static str],
}

/// A library with a sanitizer in it.
pub struct Sanitizer {
    /// `thread` or `address`.
    pub kind: String,
    /// The static library.
    library: PathBuf,
    /// What a program needs beside it.
    runtime: PathBuf,
}

impl Sanitizer {
    /// The one that `cargo xtask judge sanitizers` built.
    pub fn from_environment() -> Option<Sanitizer> {
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Some(Sanitizer {
            kind: std::env::var("POINTSMAN_SANITIZER").ok()?,
            library: path("POINTSMAN_SANITIZED_LIBRARY")?,
            runtime: path("POINTSMAN_SANITIZER_RUNTIME")?,
        })
    }
}

/// A compiled program, and a directory for it to be `C:`.
pub struct Program {
    name: String,
    folder: TempDir,
    drive: TempDir,
    second_drive: TempDir,
}

/// True when a command can be run here.
pub fn have(command: &str) -> bool {
    Command::new(command).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Where cargo puts the libraries: beside this test.
pub fn libraries() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

pub fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

/// The source of a program, or of the example.
pub fn source(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if name == EXAMPLE { here.join("../../examples") } else { here.join("tests/c") };
    folder.join(format!("{name}.c"))
}

impl Compiler {
    pub fn is_missing(&self) -> bool {
        let missing = !have(self.command);
        if missing {
            println!("skip: {} is not installed", self.command);
        }
        missing
    }

    fn compile(&self, name: &str, folder: &Path, libraries: &[&std::ffi::OsStr]) {
        let source = source(name);
        let mut compile = Command::new(self.command);
        compile.args(self.language).args(["-g", "-Wall", "-Wextra", "-Werror"]);
        if OWN_NAMES.contains(&name) {
            compile.arg("-I").arg(include());
        } else {
            compile.arg("-fshort-wchar").arg("-I").arg(include().join("pointsman/compat"));
        }
        compile
            .arg(&source)
            .args(["-x", "none", "-o"])
            .arg(folder.join(name))
            .args(libraries)
            .arg("-lpthread");
        let output = compile.output().unwrap();
        assert!(
            output.status.success(),
            "{} {name}: {}",
            self.command,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Program {
    /// Compiles a program against the shared library.
    pub fn compile(compiler: &Compiler, name: &str) -> Program {
        let program = Program::new(name);
        // The name that programs record; cargo does not make it.
        let shared = libraries().join("libpointsman.so");
        std::os::unix::fs::symlink(&shared, program.folder.path().join("libpointsman.so.0")).unwrap();
        compiler.compile(name, program.folder.path(), &[shared.as_os_str()]);
        program
    }

    /// Compiles a program that has the static library in it.
    pub fn compile_static(compiler: &Compiler, name: &str) -> Program {
        let program = Program::new(name);
        let archive = libraries().join("libpointsman.a");
        compiler.compile(
            name,
            program.folder.path(),
            &[archive.as_os_str(), "-lm".as_ref(), "-ldl".as_ref()],
        );
        program
    }

    /// Compiles a program with a sanitizer in it, as it is in the library.
    pub fn compile_sanitized(sanitizer: &Sanitizer, name: &str) -> Program {
        let program = Program::new(name);
        let object = program.folder.path().join("program.o");
        let mut compile = Command::new("clang");
        compile.args(["-std=c11", "-g", "-O1", "-fshort-wchar", "-c"]);
        compile
            .arg(format!("-fsanitize={}", sanitizer.kind))
            .arg("-I")
            .arg(include().join("pointsman/compat"));
        succeed(compile.arg(source(name)).arg("-o").arg(&object));
        // The runtime is the one of the compiler that made the library, so clang must not link its own.
        let mut link = Command::new("clang");
        link.arg(&object).arg(&sanitizer.library).arg("-Wl,--whole-archive").arg(&sanitizer.runtime);
        link.args([
            "-Wl,--no-whole-archive",
            "-rdynamic",
            "-lpthread",
            "-ldl",
            "-lm",
            "-lrt",
            "-lgcc_s",
            "-o",
        ]);
        succeed(link.arg(program.path()));
        program
    }

    fn new(name: &str) -> Program {
        let temporary = || tempfile::tempdir().unwrap();
        Program { name: name.to_owned(), folder: temporary(), drive: temporary(), second_drive: temporary() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// The program, with a drive of its own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.path());
        self.prepared(&mut command);
        command
    }

    pub fn prepared<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let drives = format!("C:={};D:={}", self.drive.path().display(), self.second_drive.path().display());
        self.with_libraries(command.arg(self.drive.path()).env("POINTSMAN_DRIVES", drives))
    }

    pub fn with_libraries<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LD_LIBRARY_PATH", self.folder.path())
    }

    pub fn assert_ok(&self, command: &mut Command) {
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {}\n{out}{err}", self.name, output.status);
    }
}

/// Runs a command that must succeed.
fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An image with an empty NTFS volume; `None`, with the reason printed, without mkntfs.
pub fn image(folder: &Path) -> Option<PathBuf> {
    let image = folder.join("disk.img");
    let _former = std::fs::remove_file(&image);
    std::fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let made = Command::new("mkntfs").args(["-F", "-q", "-s", "512"]).arg(&image).output();
    if made.is_ok_and(|made| made.status.success()) {
        return Some(image);
    }
    println!("skip: no mkntfs (Debian: ntfs-3g)");
    None
}

/// Compiles and runs every program.
pub fn run_all(compiler: Compiler) {
    if compiler.is_missing() {
        return;
    }
    for name in COMMON.iter().chain(POSIX).chain(OWN_NAMES) {
        let program = Program::compile(&compiler, name);
        program.assert_ok(&mut program.command());
    }
}
