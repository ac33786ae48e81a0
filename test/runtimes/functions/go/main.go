// Two numbers in, one out; and what Lambda tells a function, as aws-lambda-go hands it on.
package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type order struct {
	N    int    `json:"n"`
	Fail string `json:"fail"`
	events.APIGatewayV2HTTPRequest
}

type answer struct {
	Twice     int    `json:"twice"`
	RequestID string `json:"requestId"`
	Arn       string `json:"arn"`
	Function  string `json:"function"`
	MemoryMiB int    `json:"memoryMiB"`
	LeftMs    int64  `json:"leftMs"`
	Path      string `json:"path"`
	Region    string `json:"region"`
}

type wrong struct{ message string }

func (w *wrong) Error() string { return w.message }

func handle(ctx context.Context, in order) (answer, error) {
	switch in.Fail {
	case "error":
		return answer{}, errors.New("it did not work")
	case "type":
		return answer{}, &wrong{"of a type of its own"}
	case "panic":
		panic("beyond repair")
	}
	known, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return answer{
		Twice:     in.N * 2,
		RequestID: known.AwsRequestID,
		Arn:       known.InvokedFunctionArn,
		Function:  lambdacontext.FunctionName,
		MemoryMiB: lambdacontext.MemoryLimitInMB,
		LeftMs:    time.Until(deadline).Milliseconds(),
		Path:      in.RawPath,
		Region:    os.Getenv("AWS_REGION"),
	}, nil
}

func main() { lambda.Start(handle) }
