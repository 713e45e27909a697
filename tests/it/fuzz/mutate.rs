//! What is near an input.
use super::json;
use crate::chaos::Random;

/// Longer ones tell nothing that shorter ones do not.
const LONGEST: usize = 32 * 1024;

const BYTES: [u8; 12] = [
    0, b'\n', b' ', b'"', b'\'', b'\\', b'{', b'[', b'/', 0x7f, 0x80, 0xff,
];
const NUMBERS: [&str; 10] = [
    "0",
    "-1",
    "1",
    "100",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999",
    "1e400",
];

/// A few changes at once.
pub(super) fn mutated(random: &mut Random, base: &[u8], other: &[u8], words: &[&str]) -> Vec<u8> {
    let mut input = base.to_vec();
    for _ in 0..=random.below(3) {
        input = match random.below(5) {
            0 | 1 => json::mutated(random, &input, words),
            _ => None,
        }
        .unwrap_or_else(|| by_bytes(random, input, other, words));
        input.truncate(LONGEST);
    }
    input
}

fn by_bytes(random: &mut Random, mut input: Vec<u8>, other: &[u8], words: &[&str]) -> Vec<u8> {
    let at = random.index(input.len() + 1);
    let room = input.len() - at;
    let piece = at..at + random.index(room.min(32) + 1);
    match random.below(9) {
        0 if room > 0 => input[at] ^= 1 << random.below(8),
        1 => input.insert(at, BYTES[random.index(BYTES.len())]),
        2 => drop(input.drain(piece)),
        3 => {
            let times = 1 + random.index(8);
            let copy = input[piece].repeat(times);
            input.splice(at..at, copy);
        }
        4 if !words.is_empty() => {
            let word = words[random.index(words.len())];
            input.splice(piece, word.bytes());
        }
        5 if !words.is_empty() => {
            let word = words[random.index(words.len())];
            input.splice(at..at, word.bytes());
        }
        6 => {
            let from = random.index(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        7 => number(random, &mut input),
        _ => line(random, &mut input),
    }
    input
}

/// Another number in the place of one.
fn number(random: &mut Random, input: &mut Vec<u8>) {
    let starts = (0..input.len()).filter(|at| {
        let before = at.checked_sub(1).map(|before| input[before]);
        input[*at].is_ascii_digit() && !before.is_some_and(|it| it.is_ascii_digit())
    });
    let starts: Vec<usize> = starts.collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[random.index(starts.len())];
    let digits = input[start..].iter().take_while(|it| it.is_ascii_digit());
    let end = start + digits.count();
    let other = NUMBERS[random.index(NUMBERS.len())];
    input.splice(start..end, other.bytes());
}

/// A line once more, or no more.
fn line(random: &mut Random, input: &mut Vec<u8>) {
    let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let (one, other) = (random.index(lines.len()), random.index(lines.len()));
    match random.below(3) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one]),
        _ => lines.swap(one, other),
    }
    *input = lines.join(&b'\n');
}
