//! Doubles a number, streams when it is asked to, and fails in two ways.
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    match payload["fail"].as_str() {
        Some("error") => return Err("it did not work".into()),
        Some("panic") => panic!("beyond repair"),
        _ => {}
    }
    Ok(json!({
        "twice": payload["n"].as_i64().unwrap_or(0) * 2,
        "requestId": context.request_id,
        "arn": context.invoked_function_arn,
        "memoryMiB": context.env_config.memory,
        "deadline": context.deadline,
    }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
