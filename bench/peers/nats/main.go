// Command nats publishes records to a JetStream stream as closed-loop clients do: each has a
// connection of its own and one record in flight, and sends the next when the answer has come.
// Prints one line of JSON: records answered, seconds, and percentiles of the latency in seconds.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publish sends record after record until the deadline and returns how long each took.
func publish(url, subject string, record []byte, deadline time.Time) []time.Duration {
	connection, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	stream, err := jetstream.New(connection)
	if err != nil {
		log.Fatal(err)
	}
	var took []time.Duration
	for start := time.Now(); start.Before(deadline); start = time.Now() {
		if _, err := stream.Publish(context.Background(), subject, record); err != nil {
			log.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	return took
}

// create makes the stream anew, empty.
func create(url, name string) jetstream.Stream {
	connection, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	js, err := jetstream.New(connection)
	if err != nil {
		log.Fatal(err)
	}
	_ = js.DeleteStream(context.Background(), name)
	stream, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: name, Subjects: []string{name}})
	if err != nil {
		log.Fatal(err)
	}
	return stream
}

func main() {
	url := flag.String("url", nats.DefaultURL, "server")
	clients := flag.Int("clients", 64, "connections, each with one record in flight")
	size := flag.Int("bytes", 100, "size of a record")
	duration := flag.Duration("duration", 5*time.Second, "length of the run")
	flag.Parse()

	stream := create(*url, "bench")
	record := make([]byte, *size)
	start := time.Now()
	var (
		all  []time.Duration
		lock sync.Mutex
		wait sync.WaitGroup
	)
	for range *clients {
		wait.Go(func() {
			took := publish(*url, "bench", record, start.Add(*duration))
			lock.Lock()
			defer lock.Unlock()
			all = append(all, took...)
		})
	}
	wait.Wait()
	elapsed := time.Since(start)

	info, err := stream.Info(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if int(info.State.Msgs) != len(all) {
		log.Fatalf("%d records answered, %d kept", len(all), info.State.Msgs)
	}
	slices.Sort(all)
	percentile := func(p float64) float64 { return all[int(p*float64(len(all)-1))].Seconds() }
	_ = json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"records": float64(len(all)), "seconds": elapsed.Seconds(), "p50": percentile(0.5), "p99": percentile(0.99),
	})
}
