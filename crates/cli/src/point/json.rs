//! JSON around a reparse point. The point's own form is the codec's (docs/JSON.md); here stand the path and the object
//! that carries it.
use crate::fault::Fault;
use crate::point::build::Wanted;
use crate::volume::Found;
use reparse::ReparsePoint;
use reparse::lx_ea::LxMetadata;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The EAs of the Subsystem for Linux.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct LxForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<(u32, u32)>,
}

impl LxForm {
    /// Of what is there; `None` when nothing is.
    pub(crate) fn of(lx: &LxMetadata) -> Option<LxForm> {
        let LxMetadata { uid, gid, mode, device } = *lx;
        (*lx != LxMetadata::default()).then_some(LxForm { uid, gid, mode, device })
    }

    /// What it says.
    pub(crate) fn metadata(self) -> LxMetadata {
        let LxForm { uid, gid, mode, device } = self;
        LxMetadata { uid, gid, mode, device }
    }
}

/// A point and what carries it, as `get --json` writes it.
pub(crate) fn of_found(path: &str, found: &Found) -> Value {
    let (point, in_data) = ReparsePoint::from_raw(&found.point);
    let odd: Vec<String> = found.oddities.iter().chain(&in_data).map(ToString::to_string).collect();
    let mut value = json!({
        "path": path,
        "kind": if found.directory { "directory" } else { "file" },
        "tag": format!("0x{:08X}", found.point.tag().0),
        "tag_name": found.point.tag().name(),
        "point": point,
    });
    if let Some(fields) = value.as_object_mut() {
        if !odd.is_empty() {
            fields.insert("odd".into(), json!(odd));
        }
        if found.lx != LxMetadata::default() {
            let LxMetadata { uid, gid, mode, device } = found.lx;
            fields.insert("lx".into(), json!(LxForm { uid, gid, mode, device }));
        }
    }
    value
}

/// What a text asks to set: a point, or an object with a point in it, as `get --json` writes it.
pub(crate) fn wanted_of(text: &[u8]) -> Result<Wanted, Fault> {
    let value: Value = serde_json::from_slice(text).map_err(|error| bad(&error))?;
    let (point, lx) = match value {
        Value::Object(mut fields) if fields.contains_key("point") => {
            let point = fields.remove("point").unwrap_or_default();
            let lx = fields.remove("lx").map(serde_json::from_value::<LxForm>).transpose();
            (point, lx.map_err(|error| bad(&error))?.unwrap_or_default())
        }
        value => (value, LxForm::default()),
    };
    let LxForm { uid, gid, mode, device } = lx;
    Ok(Wanted { lx: LxMetadata { uid, gid, mode, device }, ..wanted_of_point(point)? })
}

/// What a point alone asks to set.
pub(crate) fn wanted_of_point(point: Value) -> Result<Wanted, Fault> {
    let point: ReparsePoint = serde_json::from_value(point).map_err(|error| bad(&error))?;
    Ok(Wanted { bytes: point.into_raw().into_bytes(), lx: LxMetadata::default(), warning: None })
}

fn bad(error: &serde_json::Error) -> Fault {
    Fault::input("read the JSON of a reparse point", error)
        .next("docs/JSON.md has the form; `get --json` writes it")
}
