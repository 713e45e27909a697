//! The two formats that Prometheus reads, and which of them is asked for.

/// A format of `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, which every reader understands.
    Text,
    /// `OpenMetrics`.
    OpenMetrics,
}

impl Format {
    /// The format that an `Accept` header likes best, of several headers joined by commas. Whoever
    /// asks for something else gets the text format and no error, as from Prometheus' own libraries.
    pub fn accepted(header: &str) -> Self {
        let mut best = (0.0, Self::Text);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let (mut weight, mut version) = (1.0, None);
            for (name, value) in parts.filter_map(|part| part.split_once('=')) {
                match name.trim().to_ascii_lowercase().as_str() {
                    // What cannot be read is not wanted.
                    "q" => weight = value.trim().parse().unwrap_or(0.0),
                    "version" => version = Some(value.trim().trim_matches('"')),
                    _ => {}
                }
            }
            // The first of those that are liked as much.
            if weight > best.0
                && let Some(format) = Self::named(media, version)
            {
                best = (weight, format);
            }
        }
        best.1
    }

    fn named(media: &str, version: Option<&str>) -> Option<Self> {
        match (media.to_ascii_lowercase().as_str(), version) {
            ("application/openmetrics-text", None | Some("1.0.0")) => Some(Self::OpenMetrics),
            ("text/plain", None | Some("0.0.4")) | ("text/*" | "*/*", _) => Some(Self::Text),
            _ => None,
        }
    }

    /// What `Content-Type` says of it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Turns what prometheus-client writes, which is `OpenMetrics`, into the text format. That has neither
/// units nor an end, and a counter has there the name that its samples have.
pub(super) fn text_of(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        // It stands before the type, which decides on the name.
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
            continue;
        }
        let Some((name, kind)) = type_of(line) else {
            text.extend([line, "\n"]);
            continue;
        };
        let suffix = if kind == "counter" { "_total" } else { "" };
        if let Some((_, words)) = help.take() {
            text.extend(["# HELP ", name, suffix, " ", words, "\n"]);
        }
        text.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
    }
    text
}

fn type_of(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("# TYPE ")?.split_once(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_that_is_liked_best() {
        use Format::{OpenMetrics, Text};
        let of_2_42 = "application/openmetrics-text;version=1.0.0,\
                       application/openmetrics-text;version=0.0.1;q=0.75,\
                       text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let of_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                    application/openmetrics-text;version=0.0.1;q=0.5,\
                    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                    text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (header, format) in [
            ("", Text),
            ("*/*", Text),
            ("text/html, application/xhtml+xml, */*;q=0.8", Text),
            ("application/json", Text),
            (of_2_42, OpenMetrics),
            (of_3, OpenMetrics),
            ("application/openmetrics-text", OpenMetrics),
            (
                "Application/OpenMetrics-Text; Version=\"1.0.0\"",
                OpenMetrics,
            ),
            ("application/openmetrics-text;version=2.0.0", Text),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.9", Text),
            (
                "text/plain;q=0.1, application/openmetrics-text;q=0.9",
                OpenMetrics,
            ),
            ("application/openmetrics-text, text/plain", OpenMetrics),
            ("text/plain, application/openmetrics-text", Text),
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;q=often", Text),
            (",;q=,=;", Text),
        ] {
            assert_eq!(Format::accepted(header), format, "{header}");
        }
    }

    #[test]
    fn units_and_the_end_go_and_counters_get_their_name() {
        let open_metrics = "# HELP a Things.\n# TYPE a counter\na_total{b=\"# EOF\"} 1\n\
            # HELP c_seconds Times.\n# TYPE c_seconds histogram\n# UNIT c_seconds seconds\n\
            c_seconds_sum 1.0\n# EOF\n";
        let text = "# HELP a_total Things.\n# TYPE a_total counter\na_total{b=\"# EOF\"} 1\n\
            # HELP c_seconds Times.\n# TYPE c_seconds histogram\nc_seconds_sum 1.0\n";
        assert_eq!(text_of(open_metrics), text);
    }
}
