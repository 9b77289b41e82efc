//! The numbers of libpointsman's headers, written from the tables of docs/spec.
use std::fmt::Write as _;
use std::fs;

const FOLDER: &str = "crates/capi/include/pointsman";

/// One header: the table it comes from, what a value is wrapped in.
struct Numbers {
    table: &'static str,
    header: &'static str,
    title: &'static str,
    define: fn(&str, &str) -> String,
}

const HEADERS: [Numbers; 3] = [
    Numbers {
        table: "docs/spec/win32.tsv",
        header: "winerror.h",
        title: "Win32 error numbers. [MS-ERREF] 2.2",
        define: |name, value| format!("#define {name} {value}L"),
    },
    Numbers {
        table: "docs/spec/ntstatus.tsv",
        header: "ntstatus.h",
        title: "NTSTATUS values. [MS-ERREF] 2.3.1",
        define: |name, value| format!("#define {name} ((NTSTATUS){value}L)"),
    },
    Numbers {
        table: "docs/spec/reparse_tags.tsv",
        header: "reparse_tags.h",
        title: "Microsoft's reparse tags. [MS-FSCC] 2.1.2.1",
        define: |name, value| format!("#define {name} {value}u"),
    },
];

/// Writes the three headers.
pub(crate) fn header() -> Result<(), String> {
    for numbers in &HEADERS {
        let table =
            fs::read_to_string(numbers.table).map_err(|error| format!("{}: {error}", numbers.table))?;
        let path = format!("{FOLDER}/{}", numbers.header);
        fs::write(&path, text(numbers, &table)).map_err(|error| format!("{path}: {error}"))?;
        println!("== header: {path}");
    }
    Ok(())
}

fn text(numbers: &Numbers, table: &str) -> String {
    let guard = format!("POINTSMAN_{}", numbers.header.to_uppercase().replace('.', "_"));
    let mut text = format!(
        "/* {} Written by `cargo xtask header` from {}. */\n#ifndef {guard}\n#define {guard}\n\n",
        numbers.title, numbers.table
    );
    if numbers.header == "ntstatus.h" {
        // <windows.h> has these three as DWORD.
        text.push_str("#undef STATUS_WAIT_0\n#undef STATUS_TIMEOUT\n#undef STATUS_PENDING\n\n");
    }
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        if let (Some(name), Some(value)) = (columns.next(), columns.next()) {
            let _ = writeln!(text, "{}", (numbers.define)(name, value));
        }
    }
    let _ = write!(text, "\n#endif /* {guard} */\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_a_define() {
        let [errors, ..] = &HEADERS;
        let text = text(errors, "# comment\nERROR_X\t5\twhere\n");
        assert!(text.contains("\n#define ERROR_X 5L\n"), "{text}");
        assert!(!text.contains("comment"));
    }
}
