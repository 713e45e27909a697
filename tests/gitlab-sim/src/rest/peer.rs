//! Where a request comes from, past the proxies on its way.
use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::Request;

/// The address of the client; an extension of the request. Without it, 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The address that GitLab shows and counts by. As Rails does, it goes backwards from the socket
/// through `X-Forwarded-For` and takes the first address that is no proxy of its own; if all are,
/// the one where the request started.
pub(crate) fn peer(request: &Request<Bytes>) -> IpAddr {
    let socket = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0)
        .to_canonical();
    let forwarded = forwarded(request);
    let mut outwards = std::iter::once(socket).chain(forwarded.iter().rev().copied());
    outwards
        .find(|address| !is_proxy(*address))
        .or_else(|| forwarded.first().copied())
        .unwrap_or(socket)
}

/// What the proxies wrote down, the client first; Rails passes over what is not an address.
fn forwarded(request: &Request<Bytes>) -> Vec<IpAddr> {
    request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(|letter: char| letter == ',' || letter.is_whitespace()))
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// The addresses that Rails trusts: loopback, and networks that nobody reaches from outside.
fn is_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}
