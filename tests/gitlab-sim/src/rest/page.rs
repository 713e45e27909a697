//! Pagination by page number (contract §1.8).
use form_urlencoded::Serializer;
use serde_json::{Value, json};

use super::{
    call::Call,
    declare::{Kind, Param, optional},
    params::Params,
    refusal::Refusal,
    reply::Reply,
};

/// The parameters that every paginated list declares.
pub(crate) const PAGING: [Param; 2] = [
    optional("page", Kind::Integer),
    optional("per_page", Kind::NotZero),
];

/// Rows on a page of which nothing is said.
const DEFAULT_PER_PAGE: i64 = 20;

/// Larger pages are cut to this.
const MAX_PER_PAGE: i64 = 100;

/// A page as asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    page: usize,
    per_page: usize,
    /// Whether the endpoint wants the rows counted.
    counted: bool,
}

impl Paging {
    /// Reads `page` and `per_page`; what is out of range becomes the nearest that is not.
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let given = call.declared(&PAGING, &[])?;
        let page = given.integer("page").unwrap_or(1).max(1);
        let per_page = match given.integer("per_page") {
            Some(number) if number >= 1 => number.min(MAX_PER_PAGE),
            Some(_) | None => DEFAULT_PER_PAGE,
        };
        Ok(Self {
            page: usize::try_from(page).unwrap_or(usize::MAX),
            per_page: usize::try_from(per_page).unwrap_or(20),
            counted: true,
        })
    }

    /// The same without totals (contract §3.8, `system_id`).
    pub(crate) fn uncounted(self) -> Self {
        Self {
            counted: false,
            ..self
        }
    }

    /// How many rows a page has.
    pub(crate) fn size(self) -> usize {
        self.per_page
    }

    /// The page of `rows`, each shown by `show`, with its headers.
    pub(crate) fn reply<T>(
        self,
        call: &Call<'_>,
        rows: &[T],
        show: impl FnMut(&T) -> Value,
    ) -> Reply {
        let Self {
            page,
            per_page,
            counted,
        } = self;
        let counted = counted && rows.len() <= call.gitlab.settings.count_limit;
        let start = (page - 1).saturating_mul(per_page);
        let shown: Vec<Value> = rows.iter().skip(start).take(per_page).map(show).collect();
        let total_pages = rows.len().div_ceil(per_page).max(1);
        let has_next = start.saturating_add(per_page) < rows.len();
        let next = has_next.then(|| page + 1);
        // A page beyond the end has no neighbours.
        let prev = (page > 1 && !shown.is_empty()).then(|| page - 1);
        let number = |page: Option<usize>| page.map(|page| page.to_string()).unwrap_or_default();
        let links = [
            prev.map(|page| (page, "prev")),
            next.map(|page| (page, "next")),
            Some((1, "first")),
            counted.then_some((total_pages, "last")),
        ];
        let links: Vec<String> = links
            .into_iter()
            .flatten()
            .map(|(page, rel)| format!("<{}>; rel=\"{rel}\"", page_url(call, page)))
            .collect();
        let reply = Reply::ok(json!(shown))
            .with("x-per-page", per_page)
            .with("x-page", page)
            .with("x-next-page", number(next))
            .with("x-prev-page", number(prev))
            .with("link", links.join(", "));
        if counted {
            reply
                .with("x-total", rows.len())
                .with("x-total-pages", total_pages)
        } else {
            reply
        }
    }
}

fn page_url(call: &Call<'_>, page: usize) -> String {
    let mut params = call.params_as_read();
    params.insert("page".to_owned(), json!(page));
    params.entry("per_page").or_insert(json!(DEFAULT_PER_PAGE));
    url_with(call, &params)
}

/// The request's own path at the instance's external address, with every parameter in the
/// alphabetical order of Rails' `to_query`.
pub(crate) fn url_with(call: &Call<'_>, params: &Params) -> String {
    let root = call.gitlab.settings.root();
    let path = call.request.uri().path();
    let path = path.strip_prefix(root).unwrap_or(path);
    let mut query = Serializer::new(String::new());
    append(&mut query, None, params);
    format!("{}{path}?{}", call.gitlab.external_url, query.finish())
}

/// Rails' `to_query`; a list without items is not there at all.
fn append(query: &mut Serializer<'_, String>, within: Option<&str>, params: &Params) {
    let mut names: Vec<&String> = params.keys().collect();
    names.sort();
    for name in names {
        let key = within.map_or_else(|| name.clone(), |outer| format!("{outer}[{name}]"));
        match params.get(name) {
            Some(Value::Array(items)) => {
                for item in items {
                    query.append_pair(&format!("{key}[]"), &plain(item));
                }
            }
            Some(Value::Object(fields)) => append(query, Some(&key), fields),
            Some(value) => {
                query.append_pair(&key, &plain(value));
            }
            None => {}
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
