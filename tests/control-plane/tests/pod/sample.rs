//! A program for Pods in tests: says what it was given, and answers on HTTP until it is ended.
//!
//! `GET /crash` ends it with exit code 3, `GET /sick` makes `/readyz` and `/livez` fail from then on.

use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::net::{TcpListener, TcpStream};
use std::process::exit;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    say(&format!("args {}", args.join(" ")))?;
    for (name, value) in env::vars() {
        say(&format!("env {name}={value}"))?;
    }
    let listen = args.iter().find_map(|arg| arg.strip_prefix("--listen="));
    let listener = TcpListener::bind(listen.unwrap_or("127.0.0.1:0"))?;
    let mut sick = false;
    for stream in listener.incoming() {
        answer(&stream?, &mut sick)?;
    }
    Ok(())
}

fn answer(stream: &TcpStream, sick: &mut bool) -> std::io::Result<()> {
    let mut request = String::new();
    BufReader::new(stream).read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    match path {
        "/crash" => exit(3),
        "/sick" => *sick = true,
        _ => {}
    }
    let status = if *sick && path != "/sick" {
        "503 No"
    } else {
        "200 OK"
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
