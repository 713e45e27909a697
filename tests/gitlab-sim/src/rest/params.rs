//! Query, form, multipart and JSON, merged into one set of parameters (contract §1.4).
use bytes::Bytes;
use futures::FutureExt as _;
use http::{Method, Request, Uri, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Parameters by name.
pub(crate) type Params = Map<String, Value>;

/// The parameters of the query alone.
pub(crate) fn query_params(uri: &Uri) -> Params {
    let mut params = Params::new();
    read_pairs(&mut params, uri.query().unwrap_or_default().as_bytes());
    params
}

/// What the body is said to be, without its parameters.
pub(super) fn media_type(content_type: &str) -> String {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

pub(super) fn content_type(request: &Request<Bytes>) -> &str {
    request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// What Grape says of JSON that does not parse.
const UNREADABLE_JSON: &str = "\nProblem:\n  message body does not match declared format\n\
     Resolution:\n  when specifying application/json as content-type, you must pass valid \
     application/json in the request's 'body' ";

/// Query and body, the body's values winning, lists as a whole. Where `text/plain` is known, a body
/// of that type, or of none, is not read.
pub(crate) fn parse(request: &Request<Bytes>, knows_text: bool) -> Result<Params, Refusal> {
    let mut params = query_params(request.uri());
    params.extend(body_params(request, knows_text)?);
    Ok(params)
}

fn body_params(request: &Request<Bytes>, knows_text: bool) -> Result<Params, Refusal> {
    let mut params = Params::new();
    let content_type = content_type(request);
    let body = request.body();
    // Rack reads a form whatever the method is; Grape reads the rest only where something is sent.
    let sends =
        [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(request.method());
    match media_type(content_type).as_str() {
        _ if body.is_empty() => {}
        "application/x-www-form-urlencoded" => read_pairs(&mut params, body),
        "multipart/form-data" => read_multipart(&mut params, content_type, body)?,
        _ if !sends => {}
        "application/json" => read_json(&mut params, body)?,
        "" | "text/plain" if knows_text => {}
        other => {
            let text = format!("The provided content-type '{other}' is not supported.");
            return Err(Refusal::error(415, text));
        }
    }
    Ok(params)
}

fn read_pairs(params: &mut Params, bytes: &[u8]) {
    for (key, value) in form_urlencoded::parse(bytes) {
        put(params, &key, value.into_owned());
    }
}

fn read_json(params: &mut Params, body: &[u8]) -> Result<(), Refusal> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::error(400, UNREADABLE_JSON))?;
    // Anything but an object names no parameter.
    if let Value::Object(fields) = value {
        params.extend(fields);
    }
    Ok(())
}

fn read_multipart(params: &mut Params, content_type: &str, body: &Bytes) -> Result<(), Refusal> {
    let broken = || Refusal::error(400, "message body does not match declared format");
    let boundary = multer::parse_boundary(content_type).map_err(|_| broken())?;
    let bytes = body.clone();
    let stream = futures::stream::once(async move { Ok::<_, std::io::Error>(bytes) });
    let read = async {
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut pairs = Vec::new();
        while let Some(part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            pairs.push((name, part.text().await?));
        }
        Ok::<_, multer::Error>(pairs)
    };
    // The whole body is here already, so the future is ready at its first poll.
    let pairs = read
        .now_or_never()
        .ok_or_else(broken)?
        .map_err(|_| broken())?;
    for (name, value) in pairs {
        put(params, &name, value);
    }
    Ok(())
}

/// Rack's nesting: `a[]=1` makes a list, `a[b]=1` a hash, as deep as it goes once.
fn put(params: &mut Params, key: &str, value: String) {
    let Some((name, inner)) = key.split_once('[') else {
        params.insert(key.to_owned(), Value::String(value));
        return;
    };
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    if inner.is_empty() {
        let slot = params
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        match slot {
            Value::Array(list) => list.push(Value::String(value)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => *slot = Value::Array(vec![Value::String(value)]),
        }
    } else {
        let slot = params
            .entry(name)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(fields) = slot {
            put(fields, &inner.replacen("][", "[", 1), value);
        }
    }
}
