//! What status and annotations hold of a token in place of the token.
use ring::digest;

/// The first 16 hexadecimal digits of a token's SHA-256: enough to notice another token. A token is long
/// and random, so it cannot be guessed from them.
pub fn digest(token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    let start = hash.as_ref().first_chunk();
    let start = start.map_or(0, |start| u64::from_be_bytes(*start));
    format!("{start:016x}")
}
