//! The C programs of `tests/c`, compiled by every compiler in both languages, and run.
mod programs;

use programs::{COMMON, Compiler, IMAGES, POSIX, Program, SHARES, have, run_all};
use std::process::Command;

#[test]
fn the_programs_run_when_gcc_compiles_them_as_c11() {
    run_all(Compiler { command: "gcc", language: &["-std=c11"] });
}

#[test]
fn the_programs_run_when_gcc_compiles_them_as_cxx17() {
    run_all(Compiler { command: "g++", language: &["-x", "c++", "-std=c++17"] });
}

#[test]
fn the_programs_run_when_clang_compiles_them_as_c11() {
    run_all(Compiler { command: "clang", language: &["-std=c11"] });
}

#[test]
fn the_programs_run_when_clang_compiles_them_as_cxx17() {
    run_all(Compiler { command: "clang++", language: &["-x", "c++", "-std=c++17"] });
}

/// The same sources are Windows programs: they compile and link against the real headers and libraries.
#[test]
fn the_programs_compile_against_the_real_windows_headers() {
    for (command, language) in [
        ("x86_64-w64-mingw32-gcc", &["-std=c11"][..]),
        ("x86_64-w64-mingw32-g++", &["-x", "c++", "-std=c++17"]),
    ] {
        if !have(command) {
            println!("skip: {command} is not installed (gcc-mingw-w64-x86-64, g++-mingw-w64-x86-64)");
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        for name in COMMON.iter().chain(SHARES).chain(IMAGES).chain([&programs::EXAMPLE]) {
            let source = programs::source(name);
            let mut compile = Command::new(command);
            compile.args(language).args(["-Wall", "-Wextra", "-Werror", "-D_WIN32_WINNT=0x0A00"]);
            compile.arg(&source).args(["-x", "none", "-o"]).arg(dir.path().join(name)).args(["-lntdll"]);
            let output = compile.output().unwrap();
            assert!(output.status.success(), "{command} {name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_program_needs_nothing_but_the_static_library() {
    let compiler = Compiler { command: "gcc", language: &["-std=c11"] };
    if compiler.is_missing() {
        return;
    }
    let program = Program::compile_static(&compiler, "contract");
    program.assert_ok(&mut program.command());
}

#[test]
fn valgrind_finds_no_error_and_no_leak() {
    let compiler = Compiler { command: "gcc", language: &["-std=c11"] };
    if compiler.is_missing() {
        return;
    }
    // Debian 12's valgrind knows no openat2; `cargo xtask test` brings one that does (3.22 and later).
    let valgrind = std::env::var("POINTSMAN_VALGRIND").unwrap_or_else(|_| "valgrind".to_owned());
    if !have(&valgrind) {
        println!("skip: {valgrind} is not installed");
        return;
    }
    let judged = |program: &Program| {
        let mut command = Command::new(&valgrind);
        command.args(["-q", "--error-exitcode=9", "--leak-check=full"]);
        command.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
        program.prepared(command.arg(program.path()));
        command
    };
    let events = Program::compile(&compiler, "events");
    events.assert_ok(&mut judged(&events));
    let contract = Program::compile(&compiler, "contract");
    let output = judged(&contract).output().unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("unhandled amd64-linux syscall") {
        println!("skip: {valgrind} has no openat2; AddressSanitizer looks at the programs that open files");
        return;
    }
    for name in COMMON.iter().chain(POSIX) {
        let program = Program::compile(&compiler, name);
        program.assert_ok(&mut judged(&program));
    }
}

/// The sanitizer is in the program: it sees every allocation of the library and every copy that it makes, not each load.
/// docs/CAPI.md says how to run it, and ThreadSanitizer, with the library instrumented too.
#[test]
fn address_sanitizer_finds_no_error_and_no_leak() {
    let compiler = Compiler { command: "gcc", language: &["-std=c11", "-fsanitize=address"] };
    if compiler.is_missing() {
        return;
    }
    for name in COMMON.iter().chain(POSIX) {
        let program = Program::compile(&compiler, name);
        program.assert_ok(&mut program.command());
    }
}

/// What the page's call prints on Windows: success, and the six failures that the reference names.
#[test]
fn the_reference_page_s_call_prints_what_it_prints_on_windows() {
    let compiler = Compiler { command: "gcc", language: &["-std=c11"] };
    if compiler.is_missing() {
        return;
    }
    let program = Program::compile(&compiler, "page");
    let output = program.command().output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE);
}
