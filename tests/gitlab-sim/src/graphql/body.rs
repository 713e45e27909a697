//! What a request asks: a query, or a batch of them.
use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use serde_json::Value;

use crate::rest::{Refusal, query_params};

/// The fields of the query string and the body, the body's winning; a JSON array is a batch.
pub(super) fn read(request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut fields = query_params(request.uri());
    let body = request.body();
    let form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if form {
        for (name, value) in form_urlencoded::parse(body) {
            fields.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    } else if !body.is_empty() {
        let sent = serde_json::from_slice(body)
            .map_err(|_| Refusal::error(400, "message body does not match declared format"))?;
        match sent {
            Value::Object(sent) => fields.extend(sent),
            Value::Array(batch) => return Ok(Value::Array(batch)),
            // Anything else names no field.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(Value::Object(fields))
}
