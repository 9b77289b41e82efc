//! `pointsman undo`: what the last command changed in a disk image taken back, or a change that was cut off.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::fault_of::failure_fault;
use crate::output::Output;
use clap::Args;
use places::{Place, undo_image};
use serde_json::json;
use std::path::PathBuf;

/// Take back what the last command changed in a disk image, to the exact bytes before it
///
/// Every change of an image leaves a journal beside it: IMAGE.pointsman-undo while it is under way, IMAGE.pointsman-last
/// after, where all changes of one command are. A change that was cut off is taken back by this before anything else can be
/// done with the image; what the same command had completed before it is taken back by a second `undo`. Only the last
/// command can be taken back, and only while no other program has changed the same sectors since; of one with very many
/// changes the last 256 MiB of journals. The links that `retarget` changed are put back by `retarget --undo` as well.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UndoArgs {
    /// The image or block device; a path inside it will do
    image: PathBuf,
    /// Report the result, and errors, as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = r"Example:
  pointsman set --create dir --junction 'C:\Tools' 'disk.img!/tools'
  pointsman undo disk.img";

pub(crate) fn run(args: &UndoArgs, out: &mut Output) -> Result<Exit, Fault> {
    let image = match Place::parse(args.image.as_os_str()) {
        Place::Image { image, .. } => image,
        Place::Host(path) => path,
        Place::Smb(_) => return Err(Fault::usage("undo", "a share has no journal").next("name an image")),
    };
    let journal = undo_image(&image).map_err(|failure| failure_fault(failure).at(&image))?;
    let (image, journal) = (image.display().to_string(), journal.display().to_string());
    match args.json {
        true => out.json(&json!({ "image": image, "ok": true, "journal": journal })),
        false => out.line(format_args!("{image}: as it was before")),
    }
    Ok(Exit::Ok)
}
