import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Scanner;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/**
 * The peer: a broker's messages to HTTP by Apache Camel, with as many requests in flight as Hookline has, and
 * CloudStack's signature. It records nothing and tries nothing again.
 *
 * From RabbitMQ each of 64 consumers acknowledges a message once it was answered. From Kafka, whose three partitions
 * would allow three consumers, messages are handed to 64 threads, and their offsets are committed whether or not
 * they were answered.
 *
 * <p>Arguments: the source (an AMQP URI, or Kafka's brokers), its queue or topic, the target, the secret, the number in
 * flight. Says "ready" and "stopped" on the standard output; takes "start" and "stop" on the standard input.
 */
public final class Relay {
  private static final String ROUTE = "relay";

  public static void main(String[] args) throws Exception {
    String source = args[0];
    String line = args[1];
    String target = args[2];
    SecretKeySpec key = new SecretKeySpec(args[3].getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    int inFlight = Integer.parseInt(args[4]);
    ThreadLocal<Mac> macs = ThreadLocal.withInitial(() -> macOf(key));

    CamelContext camel = new DefaultCamelContext();
    boolean isKafka = !source.startsWith("amqp:");
    String from = isKafka ? fromKafka(source, line) : fromRabbitmq(camel, source, line, inFlight);
    String to =
        target.replace("http://", "http:") + "?httpMethod=POST&maxTotalConnections=" + inFlight
            + "&connectionsPerRoute=" + inFlight;
    camel.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            var consumed = from(from).routeId(ROUTE).errorHandler(noErrorHandler());
            var threaded = isKafka ? consumed.threads(inFlight, inFlight) : consumed;
            threaded.process(exchange -> sign(exchange, macs.get())).to(to);
          }
        });
    camel.start();
    System.out.println("ready");
    obey(camel, new Scanner(System.in));
    camel.stop();
    // RabbitMQ's connection has threads of its own that would go on.
    System.exit(0);
  }

  private static void obey(CamelContext camel, Scanner words) throws Exception {
    while (words.hasNextLine()) {
      switch (words.nextLine()) {
        case "stop" -> camel.getRouteController().stopRoute(ROUTE);
        case "start" -> camel.getRouteController().startRoute(ROUTE);
        default -> throw new IllegalArgumentException("expected start or stop");
      }
      System.out.println("done");
    }
  }

  private static String fromKafka(String brokers, String topic) {
    return "kafka:" + topic + "?brokers=" + brokers + "&groupId=" + topic
        + "&autoOffsetReset=earliest&consumersCount=3"
        + "&valueDeserializer=org.apache.kafka.common.serialization.ByteArrayDeserializer";
  }

  private static String fromRabbitmq(
      CamelContext camel, String uri, String queue, int inFlight) {
    CachingConnectionFactory factory = new CachingConnectionFactory();
    factory.setUri(uri);
    camel.getRegistry().bind("connectionFactory", factory);
    return "spring-rabbitmq:default?queues=" + queue + "&autoDeclare=false&concurrentConsumers="
        + inFlight + "&maxConcurrentConsumers=" + inFlight;
  }

  private static void sign(Exchange exchange, Mac mac) {
    byte[] body = exchange.getMessage().getBody(byte[].class);
    exchange.getMessage().removeHeaders("*");
    exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json");
    exchange.getMessage().setHeader("X-CS-Event-ID", exchange.getExchangeId());
    exchange
        .getMessage()
        .setHeader("X-CS-Signature", Base64.getEncoder().encodeToString(mac.doFinal(body)));
    exchange.getMessage().setBody(body);
  }

  private static Mac macOf(SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance(key.getAlgorithm());
      mac.init(key);
      return mac;
    } catch (java.security.GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
