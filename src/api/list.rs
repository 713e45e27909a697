//! Closed lists of words that users read, each with its meaning and what to do about it. The pages in
//! `docs/` are made from them.

/// Declares an enum whose variants are words on the wire, each with its meaning.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        pub enum $list:ident:
        $($(#[doc = $meaning:literal])+ $name:ident,)+
    ) => {
        $(#[doc = $about])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr,
            strum::VariantArray,
        )]
        pub enum $list {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl $list {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

            /// The word itself.
            pub fn name(self) -> &'static str {
                self.into()
            }

            /// What it means, as one line of text.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii_start(),)+
                }
            }
        }
    };
}

/// The same with what to do about each, and the way back from the word.
macro_rules! closed_list {
    (
        $(#[doc = $about:literal])+
        pub enum $list:ident:
        $($(#[doc = $meaning:literal])+ $name:ident => $advice:literal,)+
    ) => {
        words! {
            $(#[doc = $about])+
            pub enum $list:
            $($(#[doc = $meaning])+ $name,)+
        }

        impl $list {
            /// The one of that name.
            pub fn named(word: &str) -> Option<Self> {
                word.parse().ok()
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)+
                }
            }
        }
    };
}

pub(super) use {closed_list, words};
