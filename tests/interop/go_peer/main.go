// A peer as the Go implementations make it, steered by lines of JSON: the other side of the interop test. It does what it
// is told and answers with what it saw; what is right is decided by the test.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/core/protocol"
	discovery "github.com/libp2p/go-libp2p/p2p/discovery/routing"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
	"github.com/multiformats/go-multiaddr"
)

const deadline = 20 * time.Second

// One line from the test.
type request struct {
	ID    int    `json:"id"`
	Do    string `json:"do"`
	Addr  string `json:"addr"`
	Peer  string `json:"peer"`
	Topic string `json:"topic"`
	Proto string `json:"proto"`
	Data  []byte `json:"data"`
}

// One line to the test.
type response struct {
	ID    int    `json:"id"`
	Error string `json:"error,omitempty"`
	Value any    `json:"value,omitempty"`
}

type message struct {
	From string `json:"from"`
	Data []byte `json:"data"`
}

type goPeer struct {
	host     host.Host
	gossip   *pubsub.PubSub
	table    *dht.IpfsDHT
	finder   *discovery.RoutingDiscovery
	mutex    sync.Mutex
	topics   map[string]*pubsub.Topic
	messages map[string]chan message
}

func main() {
	key := flag.String("psk", "", "pre-shared key, 64 hex digits")
	prefix := flag.String("dht", "/commons", "protocol prefix of the DHT")
	flag.Parse()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	made, err := newPeer(ctx, *key, *prefix)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	made.serve(ctx)
	made.host.Close()
}

func newPeer(ctx context.Context, key string, prefix string) (*goPeer, error) {
	options := []libp2p.Option{
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(websocket.New),
		libp2p.UserAgent("go-interop/1.0.0"),
		libp2p.DisableRelay(),
	}
	if key != "" {
		psk, err := pnet.DecodeV1PSK(strings.NewReader("/key/swarm/psk/1.0.0/\n/base16/\n" + key))
		if err != nil {
			return nil, err
		}
		options = append(options, libp2p.PrivateNetwork(psk))
	}
	h, err := libp2p.New(options...)
	if err != nil {
		return nil, err
	}
	// to every subscriber: the mesh of a topic that was just joined is empty until the next heartbeat
	gossip, err := pubsub.NewGossipSub(ctx, h, pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithFloodPublish(true))
	if err != nil {
		return nil, err
	}
	table, err := dht.New(ctx, h, dht.ProtocolPrefix(protocol.ID(prefix)), dht.Mode(dht.ModeServer),
		dht.AddressFilter(func(all []multiaddr.Multiaddr) []multiaddr.Multiaddr { return all }))
	if err != nil {
		return nil, err
	}
	return &goPeer{
		host: h, gossip: gossip, table: table, finder: discovery.NewRoutingDiscovery(table),
		topics: map[string]*pubsub.Topic{}, messages: map[string]chan message{},
	}, nil
}

func (p *goPeer) serve(ctx context.Context) {
	var writing sync.Mutex
	answer := func(r response) {
		line, _ := json.Marshal(r)
		writing.Lock()
		defer writing.Unlock()
		fmt.Println(string(line))
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 64*1024), 4*1024*1024)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			answer(response{Error: err.Error()})
			continue
		}
		go func() {
			limited, cancel := context.WithTimeout(ctx, deadline)
			defer cancel()
			value, err := p.do(limited, r)
			if err != nil {
				answer(response{ID: r.ID, Error: err.Error()})
				return
			}
			answer(response{ID: r.ID, Value: value})
		}()
	}
}

func (p *goPeer) do(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "self":
		return map[string]any{"peerId": p.host.ID().String(), "addrs": p.addrs()}, nil
	case "dial":
		info, err := peer.AddrInfoFromString(r.Addr)
		if err != nil {
			return nil, err
		}
		return true, p.host.Connect(ctx, *info)
	case "identify":
		return p.identify(ctx, r.Peer)
	case "ping":
		return p.ping(ctx, r.Peer)
	case "join":
		_, err := p.join(ctx, r.Topic)
		return true, err
	case "subscribers":
		return p.subscribers(r.Topic), nil
	case "publish":
		topic, err := p.join(ctx, r.Topic)
		if err != nil {
			return nil, err
		}
		return true, topic.Publish(ctx, r.Data)
	case "next":
		return p.next(ctx, r.Topic)
	case "handle":
		queue := p.queue(r.Proto)
		p.host.SetStreamHandler(protocol.ID(r.Proto), func(s network.Stream) {
			data, err := io.ReadAll(io.LimitReader(s, 1<<20))
			s.Close()
			if err == nil {
				queue <- message{From: s.Conn().RemotePeer().String(), Data: data}
			}
		})
		return true, nil
	case "send":
		return true, p.send(ctx, r)
	case "table":
		return p.table.RoutingTable().Size(), nil
	case "advertise":
		_, err := p.finder.Advertise(ctx, r.Topic)
		return true, err
	case "find":
		return p.find(ctx, r.Topic)
	case "findPeer":
		id, err := peer.Decode(r.Peer)
		if err != nil {
			return nil, err
		}
		info, err := p.table.FindPeer(ctx, id)
		return len(info.Addrs), err
	}
	return nil, fmt.Errorf("unknown request %q", r.Do)
}

func (p *goPeer) addrs() []string {
	var all []string
	for _, a := range p.host.Addrs() {
		all = append(all, fmt.Sprintf("%s/p2p/%s", a, p.host.ID()))
	}
	return all
}

func (p *goPeer) identify(ctx context.Context, text string) (any, error) {
	id, err := peer.Decode(text)
	if err != nil {
		return nil, err
	}
	service, ok := p.host.(interface{ IDService() identify.IDService })
	if ok {
		for _, c := range p.host.Network().ConnsToPeer(id) {
			select {
			case <-service.IDService().IdentifyWait(c):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	agent, err := p.host.Peerstore().Get(id, "AgentVersion")
	if err != nil {
		return nil, err
	}
	protocols, err := p.host.Peerstore().GetProtocols(id)
	return map[string]any{"agent": agent, "protocols": protocols}, err
}

func (p *goPeer) ping(ctx context.Context, text string) (any, error) {
	id, err := peer.Decode(text)
	if err != nil {
		return nil, err
	}
	select {
	case result := <-ping.Ping(ctx, p.host, id):
		return result.RTT.Microseconds(), result.Error
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *goPeer) queue(name string) chan message {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.messages[name] == nil {
		p.messages[name] = make(chan message, 1024)
	}
	return p.messages[name]
}

func (p *goPeer) join(ctx context.Context, name string) (*pubsub.Topic, error) {
	queue := p.queue(name)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if topic := p.topics[name]; topic != nil {
		return topic, nil
	}
	topic, err := p.gossip.Join(name)
	if err != nil {
		return nil, err
	}
	subscription, err := topic.Subscribe()
	if err != nil {
		return nil, err
	}
	p.topics[name] = topic
	go func() {
		for {
			m, err := subscription.Next(context.Background())
			if err != nil {
				return
			}
			if m.GetFrom() != p.host.ID() {
				queue <- message{From: m.GetFrom().String(), Data: m.Data}
			}
		}
	}()
	return topic, nil
}

// Peers of a topic that would get what is published now: a peer's own stream can be there long before ours to it.
func (p *goPeer) subscribers(topic string) int {
	count := 0
	for _, id := range p.gossip.ListPeers(topic) {
		if p.hasGossipStreamTo(id) {
			count++
		}
	}
	return count
}

func (p *goPeer) hasGossipStreamTo(id peer.ID) bool {
	for _, c := range p.host.Network().ConnsToPeer(id) {
		for _, s := range c.GetStreams() {
			if s.Stat().Direction == network.DirOutbound && strings.HasPrefix(string(s.Protocol()), "/meshsub/") {
				return true
			}
		}
	}
	return false
}

func (p *goPeer) next(ctx context.Context, name string) (any, error) {
	select {
	case m := <-p.queue(name):
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *goPeer) send(ctx context.Context, r request) error {
	id, err := peer.Decode(r.Peer)
	if err != nil {
		return err
	}
	s, err := p.host.NewStream(ctx, id, protocol.ID(r.Proto))
	if err != nil {
		return err
	}
	if _, err = s.Write(r.Data); err != nil {
		return err
	}
	return s.Close()
}

func (p *goPeer) find(ctx context.Context, topic string) (any, error) {
	found, err := p.finder.FindPeers(ctx, topic)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for info := range found {
		if len(info.Addrs) > 0 {
			ids = append(ids, info.ID.String())
		}
	}
	return ids, nil
}
