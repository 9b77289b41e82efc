//! Who registered which third-party tag. The public headers (ntifs.h) list them; [MS-FSCC] 2.1.2.1 names none.
use nt::Guid;

use crate::tag::Tag;

/// A third party that registered a tag, or is known to use one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Vendor {
    /// The tag.
    pub tag: Tag,
    /// The tag's name, such as `IO_REPARSE_TAG_ARKIVIO`. An unregistered one's is ours.
    pub tag_name: &'static str,
    /// Who owns it, such as `Symantec`.
    pub owner: &'static str,
    /// The GUID the owner uses, where it is public.
    pub guid: Option<Guid>,
    /// True when the tag stands in the public headers; false when it is only known from use.
    pub registered: bool,
}

/// Cygwin's own AF_UNIX socket. Known from use: it is not registered. (cygwin/cygwin, winsup/cygwin/path.cc)
const CYGWIN: Vendor = Vendor {
    tag: Tag(0x0000_6375),
    tag_name: "IO_REPARSE_TAG_CYGUNIX",
    owner: "Cygwin",
    guid: None,
    registered: false,
};

impl Vendor {
    /// Every registered third-party tag. docs/spec/vendor_tags.tsv tests it.
    pub const REGISTERED: &'static [Vendor] = REGISTERED;
}

/// The vendor of a tag.
pub(crate) fn of(tag: Tag) -> Option<Vendor> {
    REGISTERED.iter().chain(&[CYGWIN]).find(|vendor| vendor.tag == tag).copied()
}

/// The first registered tag whose name the caller recognises.
pub(crate) fn named(is_it: impl Fn(&str) -> bool) -> Option<Tag> {
    REGISTERED.iter().chain(&[CYGWIN]).find(|vendor| is_it(vendor.tag_name)).map(|vendor| vendor.tag)
}

/// A GUID from its digits in the order of its text. [MS-DTYP] 2.3.4.3
const fn guid(digits: u128) -> Option<Guid> {
    let [a3, a2, a1, a0, b1, b0, c1, c0, rest @ ..] = digits.to_be_bytes();
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rest;
    Some(Guid([a0, a1, a2, a3, b0, b1, c0, c1, r0, r1, r2, r3, r4, r5, r6, r7]))
}

const fn vendor(tag: u32, tag_name: &'static str, guid: Option<Guid>, owner: &'static str) -> Vendor {
    Vendor { tag: Tag(tag), tag_name, owner, guid, registered: true }
}

#[rustfmt::skip] // a table: a row a line
const REGISTERED: &[Vendor] = &[
    vendor(0x0000_0009, "IO_REPARSE_TAG_IFSTEST_CONGRUENT", None, "CONGRUENT"),
    vendor(0x0000_000A, "IO_REPARSE_TAG_MOONWALK_HSM", guid(0x257abe42_5a28_4c8c_ac46_8fea5619f18f), "Moonwalk Universal"),
    vendor(0x0000_000B, "IO_REPARSE_TAG_TSINGHUA_UNIVERSITY_RESEARCH", guid(0xb86dff51_a31e_4bac_b3cf_e8cfe75c9fc2), "Tsinghua University"),
    vendor(0x0000_000C, "IO_REPARSE_TAG_ARKIVIO", None, "ARKIVIO"),
    vendor(0x2000_000D, "IO_REPARSE_TAG_SOLUTIONSOFT", None, "SOLUTIONSOFT"),
    vendor(0x0000_000E, "IO_REPARSE_TAG_COMMVAULT", None, "COMMVAULT"),
    vendor(0x0000_000F, "IO_REPARSE_TAG_OVERTONE", None, "Overtone Software"),
    vendor(0x0000_0010, "IO_REPARSE_TAG_SYMANTEC_HSM2", guid(0xa49f7bf6_77ca_493c_a0aa_18dbb28d1098), "Symantec (formerly to KVS Inc)"),
    vendor(0x0000_0011, "IO_REPARSE_TAG_ENIGMA_HSM", None, "Enigma Data"),
    vendor(0x0000_0012, "IO_REPARSE_TAG_SYMANTEC_HSM", guid(0xb99f4235_cf1c_48dd_9e6c_459fa289f8c7), "Symantec"),
    vendor(0x0000_0013, "IO_REPARSE_TAG_INTERCOPE_HSM", guid(0xf204be2d_aeeb_4728_a31c_c7f4e9bea758), "INTERCOPE"),
    vendor(0x0000_0014, "IO_REPARSE_TAG_KOM_NETWORKS_HSM", None, "KOM Networks"),
    vendor(0x0000_0015, "IO_REPARSE_TAG_MEMORY_TECH_HSM", guid(0xe51ba456_046c_43ea_aec7_dc1a87e1fd49), "MEMORY_TECH"),
    vendor(0x0000_0016, "IO_REPARSE_TAG_BRIDGEHEAD_HSM", guid(0xebaff6e3_f21d_4496_8342_58144b3d2bd0), "BridgeHead Software"),
    vendor(0x2000_0017, "IO_REPARSE_TAG_OSR_SAMPLE", guid(0x3740c860_b19b_11d9_9669_0800200c9a66), "OSR"),
    vendor(0x0000_0018, "IO_REPARSE_TAG_GLOBAL360_HSM", guid(0xc4b51f66_7f00_4c55_9441_8a1b159f209b), "Global 360"),
    vendor(0x0000_0019, "IO_REPARSE_TAG_ALTIRIS_HSM", guid(0xfc1047eb_fb2d_45f2_a2f4_a71c1032fa2d), "Altiris"),
    vendor(0x0000_001A, "IO_REPARSE_TAG_HERMES_HSM", guid(0x437e0fd5_fcb4_42fe_877a_c785da662ac2), "Hermes"),
    vendor(0x0000_001B, "IO_REPARSE_TAG_POINTSOFT_HSM", guid(0x547bc7fd_9604_4deb_ae07_b6514df5fbc6), "PointSoft"),
    vendor(0x0000_001C, "IO_REPARSE_TAG_GRAU_DATASTORAGE_HSM", guid(0x6662d310_5653_4d10_8c31_f8e166d1a1bd), "GRAU Data Storage"),
    vendor(0x0000_001D, "IO_REPARSE_TAG_COMMVAULT_HSM", guid(0xcc38adf3_c583_4efa_b183_72c1671941de), "CommVault"),
    vendor(0x0000_001E, "IO_REPARSE_TAG_DATASTOR_SIS", guid(0xc1182673_0562_447a_8e40_4f0549fdf817), "Data Storage Group"),
    vendor(0x0000_001F, "IO_REPARSE_TAG_EDSI_HSM", guid(0xeb63df9d_8874_41cd_999a_a197542cdafc), "Enterprise Data Solutions, Inc"),
    vendor(0x0000_0020, "IO_REPARSE_TAG_HP_HSM", guid(0x3b0f6b23_0c2e_4281_9c19_c6aeebc88cd8), "HP StorageWorks"),
    vendor(0x0000_0021, "IO_REPARSE_TAG_SER_HSM", guid(0x55b673f0_978e_41c5_9adb_af99640be90e), "SER Beteiligung Solutions Deutschland GmbH"),
    vendor(0x0000_0022, "IO_REPARSE_TAG_DOUBLE_TAKE_HSM", guid(0xf7cb0ce8_453a_4ae1_9c56_db41b55f6ed4), "Double-Take Software (formerly NSI Software, Inc.)"),
    vendor(0x0000_0023, "IO_REPARSE_TAG_WISDATA_HSM", guid(0xd546500a_2aeb_45f6_9482_f4b1799c3177), "Beijing Wisdata Systems CO, LTD"),
    vendor(0x0000_0024, "IO_REPARSE_TAG_MIMOSA_HSM", guid(0x8ddd4144_1a22_404b_8a5a_fcd91c6ee9f3), "Mimosa Systems Inc"),
    vendor(0x0000_0025, "IO_REPARSE_TAG_HSAG_HSM", guid(0x77ca30c0_e5ec_43df_9e44_a4910378e284), "H&S Heilig und Schubert Software AG"),
    vendor(0x0000_0026, "IO_REPARSE_TAG_ADA_HSM", guid(0x9b64518a_d6a4_495f_8d01_392f38862f0c), "Atempo Inc. (Atempo Digital Archive)"),
    vendor(0x0000_0027, "IO_REPARSE_TAG_AUTN_HSM", guid(0xeb112a57_10fc_4b42_b590_a61897fdc432), "Autonomy Corporation"),
    vendor(0x0000_0028, "IO_REPARSE_TAG_NEXSAN_HSM", guid(0xd35eba9a_e722_445d_865f_dde1120acf16), "Nexsan"),
    vendor(0x0000_0029, "IO_REPARSE_TAG_DOUBLE_TAKE_SIS", guid(0xbda506c2_f74d_4495_9a8d_44fd8d5b4f42), "Double-Take"),
    vendor(0x0000_002A, "IO_REPARSE_TAG_SONY_HSM", guid(0xe95032e4_fd81_4e15_a8e2_a1f078061c4e), "Sony"),
    vendor(0x0000_002B, "IO_REPARSE_TAG_ELTAN_HSM", guid(0xe1596d9f_44d8_43f4_a2d6_e9fe8d3e28fb), "Eltan Comm"),
    vendor(0x0000_002C, "IO_REPARSE_TAG_UTIXO_HSM", guid(0x5401f960_2f95_46d0_bba6_052929fe2c32), "Utixo LLC"),
    vendor(0x0000_002D, "IO_REPARSE_TAG_QUEST_HSM", guid(0xd546500a_2aeb_45f6_9482_f4b1799c3177), "Quest Software"),
    vendor(0x0000_002E, "IO_REPARSE_TAG_DATAGLOBAL_HSM", guid(0x7a09ca83_b7b1_4614_adfd_0bd5f4f989c9), "DataGlobal GmbH"),
    vendor(0x2000_002F, "IO_REPARSE_TAG_QI_TECH_HSM", guid(0xc8110b39_a4ce_432e_b58a_fbead296df03), "Qi Tech LLC"),
    vendor(0x0000_0030, "IO_REPARSE_TAG_DATAFIRST_HSM", guid(0xe0e40591_6434_479f_94ac_decf6daefb5c), "DataFirst Corporation"),
    vendor(0x0000_0031, "IO_REPARSE_TAG_C2CSYSTEMS_HSM", guid(0x6f2f829c_36ae_4e88_a3b6_e2c24377ea1c), "C2C Systems"),
    vendor(0x0000_0032, "IO_REPARSE_TAG_WATERFORD", guid(0x0af8b999_b8e8_408b_805f_5448e68f9274), "Waterford Technologies"),
    vendor(0x0000_0033, "IO_REPARSE_TAG_RIVERBED_HSM", None, "Riverbed Technology"),
    vendor(0x0000_0034, "IO_REPARSE_TAG_CARINGO_HSM", guid(0xb92426fa_d35f_48db_a452_8fd557a23353), "Caringo, Inc"),
    vendor(0x2000_0035, "IO_REPARSE_TAG_MAXISCALE_HSM", guid(0x643b4714_ba13_427b_b771_c5bfde787bb7), "MaxiScale, Inc"),
    vendor(0x0000_0036, "IO_REPARSE_TAG_CITRIX_PM", guid(0xb9150ede_5845_4818_841b_5bcbb3b848e3), "Citrix Systems"),
    vendor(0x0000_0037, "IO_REPARSE_TAG_OPENAFS_DFS", guid(0xef21a155_5c92_4470_ab3b_370403d96369), "OpenAFS"),
    vendor(0x0000_0038, "IO_REPARSE_TAG_ZLTI_HSM", guid(0xa521fe7a_eb10_4148_bac7_264359827b7e), "ZL Technologies Inc"),
    vendor(0x0000_0039, "IO_REPARSE_TAG_EMC_HSM", guid(0x119ea2b9_8979_48b9_b4ce_5082af2d81e5), "EMC Corporation"),
    vendor(0x0000_003A, "IO_REPARSE_TAG_VMWARE_PM", guid(0x6d020a57_c9bb_4da4_a43f_49686d8d5e77), "VMware"),
    vendor(0x0000_003B, "IO_REPARSE_TAG_ARCO_BACKUP", guid(0xc933f72b_a64d_44d9_8cd9_f339d12390cc), "Arco Computer Products"),
    vendor(0x0000_003C, "IO_REPARSE_TAG_CARROLL_HSM", guid(0x805eb191_564b_415a_a78c_9ed0af8e02ff), "Carroll-Net"),
    vendor(0x0000_003D, "IO_REPARSE_TAG_COMTRADE_HSM", guid(0xd546500a_2aeb_45f6_9482_f4b1799c3177), "ComTrade"),
    vendor(0x0000_003E, "IO_REPARSE_TAG_EASEVAULT_HSM", guid(0xbba65d6f_f8a0_48cc_b748_dbd5fffccfb1), "EaseVault"),
    vendor(0x0000_003F, "IO_REPARSE_TAG_HDS_HSM", guid(0xdc095fd2_ac3c_46ba_9e58_dd182be86af4), "Hitachi Data Systems"),
    vendor(0x0000_0040, "IO_REPARSE_TAG_MAGINATICS_RDR", guid(0x1907ae87_388d_4854_af63_b585a619df28), "Maginatics"),
    vendor(0x0000_0041, "IO_REPARSE_TAG_GOOGLE_HSM", guid(0x40550c94_68db_4726_9c62_47bb88577bd0), "Google"),
    vendor(0x0000_0042, "IO_REPARSE_TAG_QUADDRA_HSM", guid(0x491d6619_20c3_4bfa_af98_4ea2a7f53f1d), "Quaddra"),
    vendor(0x0000_0043, "IO_REPARSE_TAG_HP_BACKUP", guid(0x0c5ed442_4928_473e_970e_5389ff2b4328), "HP"),
    vendor(0x0000_0044, "IO_REPARSE_TAG_DROPBOX_HSM", guid(0xc5bb0f16_68e9_4456_b6b9_5f5ee5f89965), "DropBox"),
    vendor(0x0000_0045, "IO_REPARSE_TAG_ADOBE_HSM", guid(0x48f5db1c_ed3c_44f7_8eba_3623c09d6179), "Adobe"),
    vendor(0x0000_0046, "IO_REPARSE_TAG_HP_DATA_PROTECT", guid(0x3370dfc4_dced_4deb_ad0c_9a2416b3198b), "HP"),
    vendor(0x0000_0047, "IO_REPARSE_TAG_ACTIVISION_HSM", guid(0x18cc35b3_5dff_408e_b42e_9fa6731bc506), "Activision"),
    vendor(0x0000_0048, "IO_REPARSE_TAG_HDS_HCP_HSM", guid(0xdffd30b6_6cc0_46a8_94c2_aae32c9b16d1), "Hitachi"),
    vendor(0x0000_0049, "IO_REPARSE_TAG_AURISTOR_FS", guid(0xafbd291f_3df8_46ba_be87_47a632714bb7), "AuriStor File System"),
    vendor(0x0000_004A, "IO_REPARSE_TAG_ITSTATION", guid(0xc33a7a21_6142_4860_9aaa_0008f1064616), "ItStation"),
    vendor(0x0000_004B, "IO_REPARSE_TAG_SPHARSOFT", guid(0x2ab7c758_e6aa_43fb_9194_80a436e22f26), "Spharsoft"),
    vendor(0x2000_004C, "IO_REPARSE_TAG_ALERTBOOT", guid(0x80050db9_52d3_4742_b28b_3918177242d5), "AlertBoot"),
    vendor(0x0000_004D, "IO_REPARSE_TAG_MTALOS", guid(0xc51bb90b_77d2_43b9_8e88_cc5745e977ff), "mTalos"),
    vendor(0x0000_004E, "IO_REPARSE_TAG_CTERA_HSM", guid(0xa0431a3b_7789_485c_8638_fca288fdba71), "CTERA"),
    vendor(0x0000_004F, "IO_REPARSE_TAG_NIPPON_HSM", guid(0x8e5c2a8d_7344_4923_a741_2e9eff128126), "Nippon Techno Lab"),
    vendor(0x0000_0050, "IO_REPARSE_TAG_REDSTOR_HSM", guid(0xe6636830_4534_4fa2_9d4f_ddd22818edcc), "Redstor"),
    vendor(0x0000_0051, "IO_REPARSE_TAG_NEUSHIELD", guid(0x585414e1_6e0e_46b6_8838_ed837173f590), "NeuShield"),
    vendor(0x0000_0052, "IO_REPARSE_TAG_DOR_HSM", guid(0x51a0cf2a_5221_4093_9025_06d80c2aa122), "DOR"),
    vendor(0x0000_0053, "IO_REPARSE_TAG_SHX_BACKUP", guid(0x5e2913da_eaee_47cb_b866_eddcaeb3ebc3), "StorageCraft Technology"),
    vendor(0x2000_0054, "IO_REPARSE_TAG_NVIDIA_UNIONFS", guid(0xe2700d02_2aba_4629_805d_956a381244a5), "NVIDIA Corporation"),
    vendor(0x0000_0055, "IO_REPARSE_TAG_HUBSTOR_HSM", guid(0x9492f18b_303f_4394_9804_8ed21710ca8c), "HubStor"),
    vendor(0x2000_0056, "IO_REPARSE_TAG_IMANAGE_HSM", guid(0x7c334c3c_0c03_4659_93d8_ebcf627bc3f1), "iManage"),
    vendor(0x0000_0057, "IO_REPARSE_TAG_EASEFILTER_HSM", guid(0x8015b12a_a78f_4645_b999_7ed7978b51f1), "EaseFilter Technologies Limited"),
    vendor(0x0000_0058, "IO_REPARSE_TAG_PEER_GFS", guid(0xa9dff133_08b0_4005_9e6b_d9c8876942f4), "Peer Software Inc. Limited"),
    vendor(0x0000_0059, "IO_REPARSE_TAG_AMZN_APPSTREAM", guid(0x0485dec0_0a06_4352_892a_fdefa63bfdd8), "Amazon Web Services Inc"),
    vendor(0x0000_0060, "IO_REPARSE_TAG_ACRONIS_HSM_0", guid(0xa8ea81d5_7f25_42ac_b20d_f0eeb15b1f82), "Acronis"),
    vendor(0x0000_0061, "IO_REPARSE_TAG_ACRONIS_HSM_1", guid(0x8fcbc190_0ace_477a_b08c_577548e9bb22), "Acronis"),
    vendor(0x0000_0062, "IO_REPARSE_TAG_ACRONIS_HSM_2", guid(0x1abbd355_7e88_4d0b_afbd_6bf3ff3f65e5), "Acronis"),
    vendor(0x0000_0063, "IO_REPARSE_TAG_ACRONIS_HSM_3", guid(0xee4f962d_25d6_4f69_bee1_dc952d853305), "Acronis"),
    vendor(0x0000_0064, "IO_REPARSE_TAG_ACRONIS_HSM_4", guid(0x4aab412f_bf9e_460c_9292_31de5a3f9d08), "Acronis"),
    vendor(0x0000_0065, "IO_REPARSE_TAG_ACRONIS_HSM_5", guid(0x67d29104_e971_477d_8ba5_e077e2d17472), "Acronis"),
    vendor(0x0000_0066, "IO_REPARSE_TAG_ACRONIS_HSM_6", guid(0x6efae00e_9c04_4767_b30a_c9dde120e7de), "Acronis"),
    vendor(0x0000_0067, "IO_REPARSE_TAG_ACRONIS_HSM_7", guid(0x7d66c79f_7e5c_4265_bec8_e7f916a31c97), "Acronis"),
    vendor(0x0000_0068, "IO_REPARSE_TAG_ACRONIS_HSM_8", guid(0x43055da8_8b12_436c_b8cc_01505809247a), "Acronis"),
    vendor(0x0000_0069, "IO_REPARSE_TAG_ACRONIS_HSM_9", guid(0x8dca3c54_234f_41ca_9bb7_0886c1f1ac94), "Acronis"),
    vendor(0x0000_006A, "IO_REPARSE_TAG_ACRONIS_HSM_A", guid(0x76b16f29_aa91_4442_b36f_301c57037b5d), "Acronis"),
    vendor(0x0000_006B, "IO_REPARSE_TAG_ACRONIS_HSM_B", guid(0xce206456_fc1a_4841_8527_7bdadbdd8a0b), "Acronis"),
    vendor(0x0000_006C, "IO_REPARSE_TAG_ACRONIS_HSM_C", guid(0x9cec8c4b_dad0_4c2a_bc7b_d1c818a3e9e8), "Acronis"),
    vendor(0x0000_006D, "IO_REPARSE_TAG_ACRONIS_HSM_D", guid(0xc25cb784_3c8b_48df_b14b_d2a87c441183), "Acronis"),
    vendor(0x0000_006E, "IO_REPARSE_TAG_ACRONIS_HSM_E", guid(0xc74393b8_3025_467e_bf75_1e9771cc2bda), "Acronis"),
    vendor(0x0000_006F, "IO_REPARSE_TAG_ACRONIS_HSM_F", guid(0x8b72233f_3b15_4496_b1aa_b3e7c5fd3485), "Acronis"),
];
