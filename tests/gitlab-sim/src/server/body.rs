//! Bodies of answers: whole ones, big ones, and ones that break off.
use std::io;
use std::iter;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;

pub(crate) type Body = BoxBody<Bytes, io::Error>;

/// All of it.
pub(crate) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

/// A JSON object of exactly that many bytes (at least 11), made while it is sent.
pub(crate) fn bulk(length: u64) -> Body {
    const HEAD: &[u8] = b"{\"bulk\":\"";
    const TAIL: &[u8] = b"\"}";
    const PIECE: &[u8] = &[b'x'; 65_536];
    let filler = length.saturating_sub((HEAD.len() + TAIL.len()) as u64);
    let pieces = filler / PIECE.len() as u64;
    let rest = usize::try_from(filler % PIECE.len() as u64).unwrap_or_default();
    let frames = iter::once(HEAD)
        .chain((0..pieces).map(|_| PIECE))
        .chain([PIECE.get(..rest).unwrap_or_default(), TAIL])
        .map(|piece| Ok(Frame::data(Bytes::from_static(piece))));
    BoxBody::new(StreamBody::new(stream::iter(frames)))
}

/// The first bytes of a body; then the connection is cut, or nothing comes any more.
pub(crate) fn broken_off(start: Bytes, hang: bool) -> Body {
    let start = (!start.is_empty()).then(|| Ok(Frame::data(start)));
    let end = stream::once(async move {
        // hyper sends what it has whenever a body makes it wait, and throws it away when a body
        // fails at once: the client would miss the beginning.
        tokio::task::yield_now().await;
        if hang {
            std::future::pending::<()>().await;
        }
        Err(io::Error::other("cut by a fault"))
    });
    BoxBody::new(StreamBody::new(stream::iter(start).chain(end)))
}
