//! Which port a container gets in place of the one it asked for.
//!
//! Real Pods have addresses of their own; here all of them share one, with each other and with
//! whatever else runs on this machine. So a port that the container is told to listen on is replaced
//! by a free one, in its arguments and variables as well as in what is probed.

use std::collections::BTreeMap;

/// What `HOST:PORT` may begin with to be an order to listen, and not somebody else's address.
const HERE: &[&str] = &[
    "",
    "*",
    "0.0.0.0",
    "[::]",
    "127.0.0.1",
    "[::1]",
    "localhost",
];

/// Replaces `HOST:from` at the end of `text` by `127.0.0.1:to` if the host means this machine, as in
/// `--listen=0.0.0.0:8080`. Nothing if the text is not of that kind.
fn listen(text: &str, from: u16, to: u16) -> Option<String> {
    let before = text.strip_suffix(&format!(":{from}"))?;
    let (flag, host) = before
        .rsplit_once('=')
        .map_or(("", before), |(flag, host)| (flag, host));
    if !HERE.contains(&host) {
        return None;
    }
    let equals = if before.contains('=') { "=" } else { "" };
    Some(format!("{flag}{equals}127.0.0.1:{to}"))
}

/// Moves each declared port to the free one that is given for it, and tells where each is in the
/// end. A port that neither arguments nor variables name stays where it is: the program listens
/// there by itself, and nobody can tell it otherwise.
pub(super) fn remap(
    args: &mut [String],
    variables: &mut BTreeMap<String, String>,
    free: &BTreeMap<u16, u16>,
) -> BTreeMap<u16, u16> {
    let mut ports = BTreeMap::new();
    for (from, to) in free {
        let mut found = false;
        for text in args.iter_mut().chain(variables.values_mut()) {
            if let Some(moved) = listen(text, *from, *to) {
                *text = moved;
                found = true;
            }
        }
        ports.insert(*from, if found { *to } else { *from });
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_to_listen_are_moved_and_other_addresses_are_not() {
        for (text, moved) in [
            ("--listen=0.0.0.0:8080", Some("--listen=127.0.0.1:9")),
            ("--listen=:8080", Some("--listen=127.0.0.1:9")),
            ("--listen=[::]:8080", Some("--listen=127.0.0.1:9")),
            ("[::1]:8080", Some("127.0.0.1:9")),
            (":8080", Some("127.0.0.1:9")),
            ("--listen=0.0.0.0:18080", None),
            ("--gitlab=http://localhost:8080", None),
            ("--peer=gitlab.example.com:8080", None),
            ("8080", None),
        ] {
            assert_eq!(listen(text, 8080, 9).as_deref(), moved, "{text}");
        }
    }

    #[test]
    fn a_port_that_nobody_names_stays() {
        let mut args = ["run".to_owned(), "--listen=0.0.0.0:1".to_owned()];
        let mut variables = BTreeMap::from([("METRICS".to_owned(), "127.0.0.1:2".to_owned())]);
        let free = BTreeMap::from([(1, 11), (2, 12), (3, 13)]);
        let ports = remap(&mut args, &mut variables, &free);
        assert_eq!(ports, BTreeMap::from([(1, 11), (2, 12), (3, 3)]));
        assert_eq!(args, ["run", "--listen=127.0.0.1:11"]);
        assert_eq!(variables["METRICS"], "127.0.0.1:12");
    }
}
