//! Who registered which third-party tag. The public headers (ntifs.h) list them; [MS-FSCC] 2.1.2.1 names none.
use nt::Guid;

use crate::tag::Tag;

/// A third party that registered a tag, or is known to use one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Vendor {
    /// The owner's name as the public headers write it, such as `ARKIVIO` or `HP_HSM`.
    pub name: &'static str,
    /// True when the tag stands in the public headers; false when it is only known from use.
    pub registered: bool,
    /// The GUID the owner uses, where it is public.
    pub guid: Option<Guid>,
}

/// What the names in the public headers begin with.
const NAME_PREFIX_LEN: usize = "IO_REPARSE_TAG_".len();

/// Cygwin's own AF_UNIX socket. Known from use: it is not registered. (cygwin/cygwin, winsup/cygwin/path.cc)
const CYGWIN: Tag = Tag(0x0000_6375);

/// The tag of OSR's sample driver, the only one whose GUID is public beside it.
const OSR_SAMPLE: Tag = Tag(0x2000_0017);

/// 3740c860-b19b-11d9-9669-0800200c9a66, in wire order.
const OSR_SAMPLE_GUID: Guid =
    Guid([0x60, 0xC8, 0x40, 0x37, 0x9B, 0xB1, 0xD9, 0x11, 0x96, 0x69, 0x08, 0x00, 0x20, 0x0C, 0x9A, 0x66]);

/// The vendor of a tag.
pub(crate) fn of(tag: Tag) -> Option<Vendor> {
    if tag == CYGWIN {
        return Some(Vendor { name: "CYGWIN", registered: false, guid: None });
    }
    let name = registered(tag)?.get(NAME_PREFIX_LEN..)?;
    Some(Vendor { name, registered: true, guid: (tag == OSR_SAMPLE).then_some(OSR_SAMPLE_GUID) })
}

/// The registered name of a third party's tag.
pub(crate) fn registered(tag: Tag) -> Option<&'static str> {
    REGISTERED.iter().find(|(of, _)| *of == tag).map(|(_, name)| *name)
}

/// The first registered tag whose name the caller recognises.
pub(crate) fn named(is_it: impl Fn(&str) -> bool) -> Option<Tag> {
    REGISTERED.iter().find(|(_, name)| is_it(name)).map(|(tag, _)| *tag)
}

impl Vendor {
    /// Every registered third-party tag with its name in the public headers. docs/spec/vendor_tags.tsv tests it.
    pub const REGISTERED: &'static [(Tag, &'static str)] = REGISTERED;
}

const REGISTERED: &[(Tag, &str)] = &[
    (Tag(0x0000_0009), "IO_REPARSE_TAG_IFSTEST_CONGRUENT"),
    (Tag(0x0000_000A), "IO_REPARSE_TAG_MOONWALK_HSM"),
    (Tag(0x0000_000B), "IO_REPARSE_TAG_TSINGHUA_UNIVERSITY_RESEARCH"),
    (Tag(0x0000_000C), "IO_REPARSE_TAG_ARKIVIO"),
    (Tag(0x2000_000D), "IO_REPARSE_TAG_SOLUTIONSOFT"),
    (Tag(0x0000_000E), "IO_REPARSE_TAG_COMMVAULT"),
    (Tag(0x0000_000F), "IO_REPARSE_TAG_OVERTONE"),
    (Tag(0x0000_0010), "IO_REPARSE_TAG_SYMANTEC_HSM2"),
    (Tag(0x0000_0011), "IO_REPARSE_TAG_ENIGMA_HSM"),
    (Tag(0x0000_0012), "IO_REPARSE_TAG_SYMANTEC_HSM"),
    (Tag(0x0000_0013), "IO_REPARSE_TAG_INTERCOPE_HSM"),
    (Tag(0x0000_0014), "IO_REPARSE_TAG_KOM_NETWORKS_HSM"),
    (Tag(0x0000_0015), "IO_REPARSE_TAG_MEMORY_TECH_HSM"),
    (Tag(0x0000_0016), "IO_REPARSE_TAG_BRIDGEHEAD_HSM"),
    (Tag(0x2000_0017), "IO_REPARSE_TAG_OSR_SAMPLE"),
    (Tag(0x0000_0018), "IO_REPARSE_TAG_GLOBAL360_HSM"),
    (Tag(0x0000_0019), "IO_REPARSE_TAG_ALTIRIS_HSM"),
    (Tag(0x0000_001A), "IO_REPARSE_TAG_HERMES_HSM"),
    (Tag(0x0000_001B), "IO_REPARSE_TAG_POINTSOFT_HSM"),
    (Tag(0x0000_001C), "IO_REPARSE_TAG_GRAU_DATASTORAGE_HSM"),
    (Tag(0x0000_001D), "IO_REPARSE_TAG_COMMVAULT_HSM"),
    (Tag(0x0000_001E), "IO_REPARSE_TAG_DATASTOR_SIS"),
    (Tag(0x0000_001F), "IO_REPARSE_TAG_EDSI_HSM"),
    (Tag(0x0000_0020), "IO_REPARSE_TAG_HP_HSM"),
    (Tag(0x0000_0021), "IO_REPARSE_TAG_SER_HSM"),
    (Tag(0x0000_0022), "IO_REPARSE_TAG_DOUBLE_TAKE_HSM"),
    (Tag(0x0000_0023), "IO_REPARSE_TAG_WISDATA_HSM"),
    (Tag(0x0000_0024), "IO_REPARSE_TAG_MIMOSA_HSM"),
    (Tag(0x0000_0025), "IO_REPARSE_TAG_HSAG_HSM"),
    (Tag(0x0000_0026), "IO_REPARSE_TAG_ADA_HSM"),
    (Tag(0x0000_0027), "IO_REPARSE_TAG_AUTN_HSM"),
    (Tag(0x0000_0028), "IO_REPARSE_TAG_NEXSAN_HSM"),
    (Tag(0x0000_0029), "IO_REPARSE_TAG_DOUBLE_TAKE_SIS"),
    (Tag(0x0000_002A), "IO_REPARSE_TAG_SONY_HSM"),
    (Tag(0x0000_002B), "IO_REPARSE_TAG_ELTAN_HSM"),
    (Tag(0x0000_002C), "IO_REPARSE_TAG_UTIXO_HSM"),
    (Tag(0x0000_002D), "IO_REPARSE_TAG_QUEST_HSM"),
    (Tag(0x0000_002E), "IO_REPARSE_TAG_DATAGLOBAL_HSM"),
    (Tag(0x2000_002F), "IO_REPARSE_TAG_QI_TECH_HSM"),
    (Tag(0x0000_0030), "IO_REPARSE_TAG_DATAFIRST_HSM"),
    (Tag(0x0000_0031), "IO_REPARSE_TAG_C2CSYSTEMS_HSM"),
    (Tag(0x0000_0032), "IO_REPARSE_TAG_WATERFORD"),
    (Tag(0x0000_0033), "IO_REPARSE_TAG_RIVERBED_HSM"),
    (Tag(0x0000_0034), "IO_REPARSE_TAG_CARINGO_HSM"),
    (Tag(0x2000_0035), "IO_REPARSE_TAG_MAXISCALE_HSM"),
    (Tag(0x0000_0036), "IO_REPARSE_TAG_CITRIX_PM"),
    (Tag(0x0000_0037), "IO_REPARSE_TAG_OPENAFS_DFS"),
    (Tag(0x0000_0038), "IO_REPARSE_TAG_ZLTI_HSM"),
    (Tag(0x0000_0039), "IO_REPARSE_TAG_EMC_HSM"),
    (Tag(0x0000_003A), "IO_REPARSE_TAG_VMWARE_PM"),
    (Tag(0x0000_003B), "IO_REPARSE_TAG_ARCO_BACKUP"),
    (Tag(0x0000_003C), "IO_REPARSE_TAG_CARROLL_HSM"),
    (Tag(0x0000_003D), "IO_REPARSE_TAG_COMTRADE_HSM"),
    (Tag(0x0000_003E), "IO_REPARSE_TAG_EASEVAULT_HSM"),
    (Tag(0x0000_003F), "IO_REPARSE_TAG_HDS_HSM"),
    (Tag(0x0000_0040), "IO_REPARSE_TAG_MAGINATICS_RDR"),
    (Tag(0x0000_0041), "IO_REPARSE_TAG_GOOGLE_HSM"),
    (Tag(0x0000_0042), "IO_REPARSE_TAG_QUADDRA_HSM"),
    (Tag(0x0000_0043), "IO_REPARSE_TAG_HP_BACKUP"),
    (Tag(0x0000_0044), "IO_REPARSE_TAG_DROPBOX_HSM"),
    (Tag(0x0000_0045), "IO_REPARSE_TAG_ADOBE_HSM"),
    (Tag(0x0000_0046), "IO_REPARSE_TAG_HP_DATA_PROTECT"),
    (Tag(0x0000_0047), "IO_REPARSE_TAG_ACTIVISION_HSM"),
    (Tag(0x0000_0048), "IO_REPARSE_TAG_HDS_HCP_HSM"),
    (Tag(0x0000_0049), "IO_REPARSE_TAG_AURISTOR_FS"),
    (Tag(0x0000_004A), "IO_REPARSE_TAG_ITSTATION"),
    (Tag(0x0000_004B), "IO_REPARSE_TAG_SPHARSOFT"),
    (Tag(0x2000_004C), "IO_REPARSE_TAG_ALERTBOOT"),
    (Tag(0x0000_004D), "IO_REPARSE_TAG_MTALOS"),
    (Tag(0x0000_004E), "IO_REPARSE_TAG_CTERA_HSM"),
    (Tag(0x0000_004F), "IO_REPARSE_TAG_NIPPON_HSM"),
    (Tag(0x0000_0050), "IO_REPARSE_TAG_REDSTOR_HSM"),
    (Tag(0x0000_0051), "IO_REPARSE_TAG_NEUSHIELD"),
    (Tag(0x0000_0052), "IO_REPARSE_TAG_DOR_HSM"),
    (Tag(0x0000_0053), "IO_REPARSE_TAG_SHX_BACKUP"),
    (Tag(0x2000_0054), "IO_REPARSE_TAG_NVIDIA_UNIONFS"),
    (Tag(0x0000_0055), "IO_REPARSE_TAG_HUBSTOR_HSM"),
    (Tag(0x2000_0056), "IO_REPARSE_TAG_IMANAGE_HSM"),
    (Tag(0x0000_0057), "IO_REPARSE_TAG_EASEFILTER_HSM"),
    (Tag(0x0000_0058), "IO_REPARSE_TAG_PEER_GFS"),
    (Tag(0x0000_0059), "IO_REPARSE_TAG_AMZN_APPSTREAM"),
    (Tag(0x0000_0060), "IO_REPARSE_TAG_ACRONIS_HSM_0"),
    (Tag(0x0000_0061), "IO_REPARSE_TAG_ACRONIS_HSM_1"),
    (Tag(0x0000_0062), "IO_REPARSE_TAG_ACRONIS_HSM_2"),
    (Tag(0x0000_0063), "IO_REPARSE_TAG_ACRONIS_HSM_3"),
    (Tag(0x0000_0064), "IO_REPARSE_TAG_ACRONIS_HSM_4"),
    (Tag(0x0000_0065), "IO_REPARSE_TAG_ACRONIS_HSM_5"),
    (Tag(0x0000_0066), "IO_REPARSE_TAG_ACRONIS_HSM_6"),
    (Tag(0x0000_0067), "IO_REPARSE_TAG_ACRONIS_HSM_7"),
    (Tag(0x0000_0068), "IO_REPARSE_TAG_ACRONIS_HSM_8"),
    (Tag(0x0000_0069), "IO_REPARSE_TAG_ACRONIS_HSM_9"),
    (Tag(0x0000_006A), "IO_REPARSE_TAG_ACRONIS_HSM_A"),
    (Tag(0x0000_006B), "IO_REPARSE_TAG_ACRONIS_HSM_B"),
    (Tag(0x0000_006C), "IO_REPARSE_TAG_ACRONIS_HSM_C"),
    (Tag(0x0000_006D), "IO_REPARSE_TAG_ACRONIS_HSM_D"),
    (Tag(0x0000_006E), "IO_REPARSE_TAG_ACRONIS_HSM_E"),
    (Tag(0x0000_006F), "IO_REPARSE_TAG_ACRONIS_HSM_F"),
];
