// SPDX-License-Identifier: MIT
//
// DynamoDB Local in memory, for tests: on 127.0.0.1 only, on a port that is free, without telemetry.
// The stock runner listens on all addresses and reports to its maker. Prints "listening on <port>".

import com.amazonaws.services.dynamodbv2.local.monitoring.Telemetry;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

public final class DynamoServer {
  public static void main(String[] arguments) throws Exception {
    Telemetry.configureTelemetry("IN_MEMORY", "JAR", false);
    var handler = new LocalDynamoDBRequestHandler(0, true, null, true, false);
    var proxy = new DynamoDBProxyServer(0, new LocalDynamoDBServerHandler(handler, null));
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server server = (Server) field.get(proxy);
    for (Connector connector : server.getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    server.start();
    System.out.println("listening on " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    if (arguments.length > 0 && arguments[0].equals("--once")) System.exit(0);
    server.join();
  }
}
