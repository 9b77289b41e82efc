//! Scenarios by the suite that they come from.
#![allow(unreachable_pub)] // one crate: what the scenarios share is public to them
pub mod ask;
pub mod hosts;
pub mod samba;
pub mod semantics;
pub mod tables;
pub mod winbtrfs;
pub mod wine;
pub mod wine_symlinks;
pub mod winfsp_and_clients;

/// Makes tests of scenarios, one on each host, and lists their names for the tables.
macro_rules! scenarios {
    ($suite:literal: $($scenario:ident),+ $(,)?) => {
        /// The scenarios of this suite, as the tables name them.
        pub const SCENARIOS: &[&str] = &[$(concat!($suite, "::", stringify!($scenario))),+];

        mod on_memory {
            $(#[test]
            fn $scenario() {
                let name = concat!($suite, "::", stringify!($scenario));
                $crate::oracle::tables::judge(name, || super::$scenario(&$crate::oracle::hosts::on_memory()));
            })+
        }

        mod on_linux {
            $(#[test]
            fn $scenario() {
                let name = concat!($suite, "::", stringify!($scenario));
                $crate::oracle::hosts::on_linux(name, |store| {
                    $crate::oracle::tables::judge(name, || super::$scenario(store));
                });
            })+
        }
    };
}
pub(crate) use scenarios;
