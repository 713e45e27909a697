//! Texts that are none: GitLab's middleware refuses them before its API sees the request.
use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::params::{Params, content_type, media_type};

/// Deeper values are not looked at.
const DEPTH: usize = 3;

/// Whether path, query or form are not UTF-8, have a null byte, or an escape that is none.
pub(crate) fn is_malformed(request: &Request<Bytes>) -> bool {
    let form = media_type(content_type(request)) == "application/x-www-form-urlencoded";
    let body = if form { &request.body()[..] } else { &[] };
    let query = request.uri().query().unwrap_or_default();
    std::str::from_utf8(body).map_or(true, is_garbled)
        || is_garbled(query)
        || is_garbled(request.uri().path())
}

fn is_garbled(escaped: &str) -> bool {
    let mut pieces = escaped.split('%');
    let whole_escapes = pieces.by_ref().skip(1).all(|piece| {
        let digits = piece.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let text = percent_decode_str(escaped).decode_utf8();
    !whole_escapes || text.map_or(true, |text| text.contains('\0'))
}

/// Whether a parameter has a null byte, as only JSON and multipart can have got it this far.
pub(crate) fn has_null_byte(params: &Params) -> bool {
    params.values().any(|value| has_null(value, DEPTH))
}

fn has_null(value: &Value, depth: usize) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) if depth > 1 => items.iter().any(|item| has_null(item, depth - 1)),
        Value::Object(fields) if depth > 1 => fields.values().any(|one| has_null(one, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            false
        }
    }
}
