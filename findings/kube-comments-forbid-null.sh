#!/usr/bin/env bash
# kube 5.0.0 with schemars 1.2.3: a doc comment on an enum's variants forbids null in the CRD.
#
# The guess: a doc comment becomes a description, and what is valid stays the same.
# What it does: an `Option` of a bare enum may be null, and its list of values has null. With a comment
# on the variants schemars writes the enum in another shape, from which kube makes `nullable: true`
# beside a list without null. The API server holds a value against the list too, so it takes null
# in the first case and refuses it in the second. Whoever documents a field so makes a chart fail that
# renders `null` for an empty value.
#
# Seen: the lines of `expected` below.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=$work/target CARGO_INCREMENTAL=0
mkdir -p "$work/try/src"
cd "$work/try"

cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
kube-core = { version = "=5.0.0", default-features = false, features = ["schema"] }
k8s-openapi = { version = "=0.29.0", default-features = false, features = ["std", "v1_33"] }
schemars = "=1.2.3"

[profile.dev]
debug = 0
TOML
cat >src/main.rs <<'RUST'
#![allow(dead_code)]
use kube_core::schema::{OptionalEnum, OptionalIntOrString, StructuralSchemaRewriter};
use schemars::{JsonSchema, generate::SchemaSettings};

#[derive(JsonSchema)]
enum Bare {
    Everybody,
    Nobody,
}

#[derive(JsonSchema)]
enum Documented {
    /// All jobs.
    Everybody,
    /// No jobs.
    Nobody,
}

/// The schema as kube's derive of a custom resource makes it.
fn schema_of<T: JsonSchema>() -> String {
    let settings = SchemaSettings::openapi3()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(StructuralSchemaRewriter)
        .with_transform(OptionalEnum)
        .with_transform(OptionalIntOrString);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let keys = ["enum", "nullable"].map(|key| format!("{key}: {}", schema.get(key).unwrap()));
    keys.join(", ")
}

fn main() {
    println!("bare: {}", schema_of::<Option<Bare>>());
    println!("documented: {}", schema_of::<Option<Documented>>());
}
RUST

cat >expected <<'TEXT'
bare: enum: ["Everybody","Nobody",null], nullable: true
documented: enum: ["Everybody","Nobody"], nullable: true
TEXT

timeout -k 5 420 cargo build --quiet
timeout -k 5 60 "$work/target/debug/finding" >seen
diff -u expected seen
echo 'as before'
