//! A socket that answers with prepared bytes and remembers what it was sent.
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

/// Answers one connection after the other, each with the next reply.
pub(super) struct Stub {
    pub(super) url: String,
    received: mpsc::Receiver<String>,
}

impl Stub {
    pub(super) fn new<Reply: Into<Vec<u8>>>(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let replies: Vec<Vec<u8>> = replies.into_iter().map(Into::into).collect();
        let (seen, received) = mpsc::channel();
        thread::spawn(move || {
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                // Noted before it is answered, so that whoever has the answer finds it here.
                let _ = seen.send(request(&mut stream));
                // A client that has had enough may leave in the middle.
                let _ = stream.write_all(&reply);
            }
        });
        Self { url, received }
    }

    /// The requests that came in so far, as text.
    pub(super) fn requests(&self) -> Vec<String> {
        self.received.try_iter().collect()
    }
}

/// A reply with all its framing.
pub(super) fn reply(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut reply = format!("HTTP/1.1 {status} Any\r\nconnection: close\r\n").into_bytes();
    for header in headers {
        reply.extend_from_slice(format!("{header}\r\n").as_bytes());
    }
    reply.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    reply.extend_from_slice(body);
    reply
}

/// A reply with a JSON body.
pub(super) fn json(status: u16, body: &str) -> Vec<u8> {
    reply(status, &["content-type: application/json"], body)
}

fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        // The first byte of a TLS handshake, which has no end that could be seen from here.
        if request.first() == Some(&0x16) {
            return text;
        }
        match stream.read(&mut buffer).unwrap() {
            0 => return text,
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
}
